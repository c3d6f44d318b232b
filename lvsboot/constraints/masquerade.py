"""Rules on a director's masquerading."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.constraints.findings import METHOD, NETWORK, SERVICES, Uses, warning
from lvsboot.document import Finding, Path
from lvsboot.formats import Address, Network
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.model import Director, Masquerade, Nic, Role

_SERVICES: tuple[Path, ...] = (SERVICES, METHOD)


def masquerade_findings(director: Director, role: Role) -> Iterator[Finding]:
    behind = [
        destination.address
        for service in director.services
        for destination in service.destinations
        if destination.method is ForwardingMethod.NAT
    ]
    uses = Uses()
    for i, masquerade in enumerate(director.masquerades):
        path: Path = ("director", "masquerade", i)
        if first := uses.again(masquerade, path):
            message = f"{masquerade.source} leaves through '{masquerade.interface}' twice"
            yield Finding((*path, "source"), message, twin=first)
        yield from _source(masquerade.source, behind, (*path, "source"))
        if role.network is not None and masquerade.source.prefixlen:
            yield from _interface(masquerade, role.nics, (*path, "interface"))


def _source(source: Network, behind: list[Address], path: Path) -> Iterator[Finding]:
    if source.prefixlen == 0:
        yield Finding(path, f"{source} is everybody, not a network of real servers")
    elif not any(address.version == source.version for address in behind):
        message = f"no service forwards by nat over IPv{source.version}"
        hint = "masquerade is for the real servers behind a nat director"
        yield Finding(path, message, hint, given=_SERVICES)
    elif not any(address in source for address in behind):
        yield warning(path, f"no nat real server is in {source}", given=_SERVICES)


def _interface(masquerade: Masquerade, nics: tuple[Nic, ...], path: Path) -> Iterator[Finding]:
    found = [nic for nic in nics if nic.name == masquerade.interface]
    if not found:
        names = ", ".join(nic.name for nic in nics)
        message = f"'{masquerade.interface}' is not in network.interfaces"
        yield Finding(path, message, f"there: {names}", given=(NETWORK,))
    for nic in found:
        if nic.addresses and all(address.ip in masquerade.source for address in nic.addresses):
            message = f"'{nic.name}' is where {masquerade.source} comes from"
            yield warning(path, message, "name the interface through which its packets leave")
