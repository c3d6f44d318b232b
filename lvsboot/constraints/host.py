"""What must hold between the fields of a role: each rule yields findings and knows no text."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from lvsboot.document import Finding, Path, path_text
from lvsboot.formats import Address
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.model import Director, NetworkPlan, Nic, RealServer, Role, Service
from lvsboot.problem import Severity
from lvsboot.render.sysctl import derived_sysctls

_LOOPBACK = "lo"


def constraint_findings(role: Role) -> list[Finding]:
    """Everything that is wrong, or worth a second look, between the fields; unsorted."""
    findings = [*_network(role.nics), *_sysctl(role)]
    match role.duty:
        case Director() as director:
            findings += [*_director_vips(director, role.network), *_services(director)]
        case RealServer() as real_server:
            findings += _real_server(real_server, role)
    findings += _addresses_once(role)
    return findings


def _warning(path: Path, message: str, hint: str = "") -> Finding:
    return Finding(path, message, hint, severity=Severity.WARNING)


def _network(nics: Iterable[Nic]) -> Iterator[Finding]:
    macs: dict[str, Path] = {}
    for nic in nics:
        path: Path = ("network", "interfaces", nic.name)
        if nic.name == _LOOPBACK:
            yield Finding(
                path, "lo is no NIC", "the loopback VIPs are real_server.vips", at_key=True
            )
        if nic.mac is None:
            continue
        mac_path = (*path, "mac")
        if nic.mac in macs:
            yield Finding(mac_path, f"'{nic.mac}' is used twice", _twin(macs[nic.mac]))
        macs.setdefault(nic.mac, mac_path)
        if nic.name.startswith("eth") and nic.name[3:].isdigit():
            message = f"'{nic.name}' is one of the kernel's own names: a NIC may already hold it"
            yield _warning(mac_path, message, "choose another name, such as lan0")


def _twin(path: Path) -> str:
    return f"first at {path_text(path)}"


def _sysctl(role: Role) -> Iterator[Finding]:
    derived = {key.replace("/", "."): value for key, value in derived_sysctls(role).items()}
    for key in role.sysctl:
        name = key.replace("/", ".")
        if name in derived:
            message = f"'{key}' is derived from the role: it must be {derived[name]}"
            yield Finding(("sysctl", key), message, "take it away", at_key=True)


def _director_vips(director: Director, network: NetworkPlan | None) -> Iterator[Finding]:
    used = {service.vip for service in director.services}
    names = {nic.name for nic in network.nics} | {_LOOPBACK} if network is not None else None
    for i, vip in enumerate(director.vips):
        path: Path = ("director", "vips", i)
        if names is not None and vip.interface not in names:
            message = f"'{vip.interface}' is not in network.interfaces"
            yield Finding((*path, "interface"), message, f"there: {', '.join(sorted(names))}")
        if vip.address not in used:
            yield _warning((*path, "address"), f"no service uses the VIP {vip.address}")


def _services(director: Director) -> Iterator[Finding]:
    vips = {vip.address for vip in director.vips}
    keys: dict[Hashable, Path] = {}
    for i, service in enumerate(director.services):
        path: Path = ("director", "services", i)
        if service.vip not in vips:
            declared = ", ".join(str(vip) for vip in sorted(vips, key=str))
            yield Finding(
                (*path, "vip"), f"{service.vip} is not in director.vips", f"there: {declared}"
            )
        key = (service.protocol, service.vip, service.port)
        if key in keys:
            message = f"{service.protocol.value} {service.vip} port {service.port} is used twice"
            yield Finding((*path, "vip"), message, _twin(keys[key]))
        keys.setdefault(key, path)
        yield from _destinations(service, path)


def _destinations(service: Service, service_path: Path) -> Iterator[Finding]:
    keys: dict[Hashable, Path] = {}
    for i, destination in enumerate(service.destinations):
        path = (*service_path, "real_servers", i)
        port = service.port if destination.port is None else destination.port
        key = (destination.address, port)
        if key in keys:
            message = f"{destination.address} port {port} is used twice in one service"
            yield Finding((*path, "address"), message, _twin(keys[key]))
        keys.setdefault(key, path)
        if service.method is ForwardingMethod.DR and port != service.port:
            # The kernel replaces the port without a word: see ip_vs_add_dest() in ip_vs_ctl.c.
            message = f"port {port} differs from the service's port {service.port}"
            yield Finding((*path, "port"), message, "dr leaves packets as they are; only nat can")
        if destination.address.version != service.vip.version:
            message = f"{destination.address} is not of the same family as the VIP {service.vip}"
            yield Finding((*path, "address"), message, "only tunnels cross families")


def _real_server(real_server: RealServer, role: Role) -> Iterator[Finding]:
    path: Path = ("real_server",)
    match real_server.method:
        case ForwardingMethod.NAT:
            if real_server.vips:
                yield Finding(
                    (*path, "vips"), "a nat real server holds no VIP", "take vips away", at_key=True
                )
            if real_server.director is None:
                yield Finding(
                    path, "'director' is missing", "nat answers go back through it", at_key=True
                )
            elif role.nics:
                yield from _gateway(real_server.director, role)
        case _:
            if not real_server.vips:
                yield Finding(
                    path, "'vips' is missing", "dr packets arrive addressed to the VIP", at_key=True
                )
            if real_server.director is not None:
                yield Finding(
                    (*path, "director"),
                    "'director' is only for nat",
                    "dr answers go straight to the client",
                    at_key=True,
                )


def _gateway(director: Address, role: Role) -> Iterator[Finding]:
    if any(nic.dhcp.value != "no" for nic in role.nics):
        return  # the gateway may arrive by DHCP
    gateways = {nic.gateway for nic in role.nics} | {nic.gateway6 for nic in role.nics}
    if director not in gateways:
        message = f"{director} is no interface's gateway: answers would bypass the director"
        yield _warning(("real_server", "director"), message, f"gateway: {director}")


def _addresses_once(role: Role) -> Iterator[Finding]:
    seen: dict[Address, Path] = {}
    for path, address in _addresses(role):
        if address in seen:
            yield Finding(path, f"{address} is used twice", _twin(seen[address]))
        seen.setdefault(address, path)


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
