"""Rules on what every host has: NICs, sysctls, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot.constraints.findings import Uses, key_error, warning
from lvsboot.document import Finding, Path
from lvsboot.formats import Address
from lvsboot.model import Director, Nic, RealServer, Role
from lvsboot.render.sysctl import derived_sysctls


def host_findings(role: Role) -> Iterator[Finding]:
    yield from _nics(role.nics)
    yield from _sysctl(role)
    yield from _addresses_once(role)


def _nics(nics: Iterable[Nic]) -> Iterator[Finding]:
    macs = Uses()
    for nic in nics:
        path: Path = ("network", "interfaces", nic.name)
        if nic.name == "lo":
            yield key_error(path, "lo is no NIC", "the loopback VIPs are real_server.vips")
        if nic.mac is None:
            continue
        path = (*path, "mac")
        if first := macs.again(nic.mac, path):
            yield Finding(path, f"'{nic.mac}' is used twice", twin=first)
        if nic.name.startswith("eth") and nic.name[3:].isdigit():
            message = f"'{nic.name}' is one of the kernel's own names: a NIC may already hold it"
            yield warning(path, message, "choose another name, such as lan0")


def _sysctl(role: Role) -> Iterator[Finding]:
    derived = {key.replace("/", "."): value for key, value in derived_sysctls(role).items()}
    for key in role.sysctl:
        name = key.replace("/", ".")
        if name in derived:
            message = f"'{key}' is derived from the role: it must be {derived[name]}"
            yield key_error(("sysctl", key), message, "take it away")


def _addresses_once(role: Role) -> Iterator[Finding]:
    addresses = Uses()
    for path, address in _addresses(role):
        if first := addresses.again(address, path):
            yield Finding(path, f"{address} is used twice", twin=first)


def _addresses(role: Role) -> Iterator[tuple[Path, Address]]:
    """Every address that the host itself would hold."""
    for nic in role.nics:
        for i, interface in enumerate(nic.addresses):
            yield ("network", "interfaces", nic.name, "addresses", i), interface.ip
    match role.duty:
        case Director(vips=vips):
            for i, vip in enumerate(vips):
                yield ("director", "vips", i, "address"), vip.address
        case RealServer(vips=addresses):
            for i, address in enumerate(addresses):
                yield ("real_server", "vips", i), address
