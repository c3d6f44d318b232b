"""Rules on a director: its VIPs, its services and their destinations."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from lvsboot.constraints.findings import Uses, key_error, warning
from lvsboot.document import Finding, Path
from lvsboot.ipvs.table import Family, ForwardingMethod, Protocol, TunnelType
from lvsboot.model import (
    Destination,
    Director,
    MarkedService,
    NetworkPlan,
    Role,
    Service,
    VirtualService,
)

# The schedulers that read flags: the bits mean nothing to the others.
_FLAGGED_SCHEDULERS = {"sh", "mh"}
# ip_vs_mh.c builds its table with the default prime and ignores a pool that is larger.
_MH_TABLE_SIZE = 4093
_ADDRESS_BITS = {Family.IPV4: 32, Family.IPV6: 128}

# net.ipv4.vs.* of Linux 6.12; another kernel may know more, so that others are only a warning.
_PARAMETERS = {
    "am_droprate", "amemthresh", "backup_only", "cache_bypass", "conn_reuse_mode", "conntrack",
    "drop_entry", "drop_packet", "est_cpulist", "est_nice", "expire_nodest_conn",
    "expire_quiescent_template", "ignore_tunneled", "nat_icmp_send", "pmtu_disc", "run_estimation",
    "schedule_icmp", "secure_tcp", "sloppy_sctp", "sloppy_tcp", "snat_reroute",
    "sync_persist_mode", "sync_ports", "sync_qlen_max", "sync_refresh_period", "sync_retries",
    "sync_sock_size", "sync_threshold", "sync_version",
}  # fmt: skip


def director_findings(director: Director, role: Role) -> Iterator[Finding]:
    yield from _vips(director, role.network)
    yield from _tuning(director)
    identities = Uses()
    for i, service in enumerate(director.services):
        path: Path = ("director", "services", i)
        if first := identities.again(service.identity, path):
            key = "vip" if isinstance(service.identity, VirtualService) else "fwmark"
            yield Finding((*path, key), f"{service.identity} is used twice", twin=first)
        yield from _identity(service, director, path)
        yield from _options(service, path)
        yield from _destinations(service, path)


def _vips(director: Director, network: NetworkPlan | None) -> Iterator[Finding]:
    used = {match.vip for service in director.services for match in service.matches}
    # Marks may be given by rules that only the firewall knows: any VIP may be behind them.
    is_marked = False
    for service in director.services:
        match service.identity:
            case VirtualService(vip=address):
                used.add(address)
            case MarkedService():
                is_marked = is_marked or not service.matches
    names = {nic.name for nic in network.nics} | {"lo"} if network is not None else None
    for i, vip in enumerate(director.vips):
        path: Path = ("director", "vips", i)
        if names is not None and vip.interface not in names:
            message = f"'{vip.interface}' is not in network.interfaces"
            yield Finding((*path, "interface"), message, f"there: {', '.join(sorted(names))}")
        if vip.address not in used and not is_marked:
            yield warning((*path, "address"), f"no service uses the VIP {vip.address}")


def _tuning(director: Director) -> Iterator[Finding]:
    for key in director.tuning:
        if key not in _PARAMETERS:
            near = difflib.get_close_matches(key, _PARAMETERS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else ""
            message = f"net.ipv4.vs.{key} is not a parameter that lvsboot knows"
            yield warning(("director", "tuning", key), message, hint, at_key=True)


def _identity(service: Service, director: Director, path: Path) -> Iterator[Finding]:
    match service.identity:
        case VirtualService(vip=vip, port=port):
            declared = [owned.address for owned in director.vips]
            if vip not in declared:
                hint = f"there: {', '.join(map(str, declared))}"
                yield Finding((*path, "vip"), f"{vip} is not in director.vips", hint)
            if port == 0 and service.persistence is None:
                message = "port 0 stands for every port, which needs persistence"
                yield Finding((*path, "port"), message, "add persistence: {}")
        case MarkedService():
            pass


def _options(service: Service, path: Path) -> Iterator[Finding]:
    if service.scheduler_flags and service.scheduler not in _FLAGGED_SCHEDULERS:
        message = f"'{service.scheduler}' has no flags"
        yield key_error((*path, "scheduler_flags"), message, "only sh and mh have")
    is_udp = isinstance(service.identity, VirtualService) and (
        service.identity.protocol is Protocol.UDP
    )
    if service.one_packet and not is_udp and isinstance(service.identity, VirtualService):
        yield key_error((*path, "one_packet"), "one_packet is only for udp and firewall marks")
    persistence = service.persistence
    bits = _ADDRESS_BITS[service.family]
    if persistence is not None and persistence.prefix is not None and persistence.prefix > bits:
        message = f"{persistence.prefix} is too large: at most {bits} for {service.family.value}"
        yield Finding((*path, "persistence", "prefix"), message)
    if service.scheduler == "mh" and len(service.destinations) > _MH_TABLE_SIZE:
        message = f"mh shares out among at most {_MH_TABLE_SIZE} real servers"
        yield key_error((*path, "real_servers"), message)


def _destinations(service: Service, service_path: Path) -> Iterator[Finding]:
    keys = Uses()
    for i, destination in enumerate(service.destinations):
        path = (*service_path, "real_servers", i)
        port = service.port if destination.port is None else destination.port
        if first := keys.again((destination.address, port), path):
            message = f"{destination.address} port {port} is used twice in one service"
            yield Finding((*path, "address"), message, twin=first)
        yield from _method(destination, port, service, path)
        if destination.lower_threshold > destination.upper_threshold:
            message = f"{destination.lower_threshold} is above the upper threshold"
            hint = f"upper_threshold is {destination.upper_threshold}"
            yield Finding((*path, "lower_threshold"), message, hint)
        if destination.tunnel is not None:
            yield from _tunnel(destination, path)


def _method(destination: Destination, port: int, service: Service, path: Path) -> Iterator[Finding]:
    method = destination.method
    if method is not ForwardingMethod.NAT and port != service.port:
        # The kernel replaces the port without a word: see ip_vs_add_dest() in ip_vs_ctl.c.
        message = f"port {port} differs from the service's port {service.port}"
        hint = f"{method.value} leaves packets as they are; only nat can"
        yield Finding((*path, "port"), message, hint)
    family = Family.IPV4 if destination.address.version == 4 else Family.IPV6
    if family is not service.family and method is not ForwardingMethod.TUN:
        message = f"{destination.address} is not of the service's family, {service.family.value}"
        yield Finding((*path, "address"), message, "only tunnels cross families")


def _tunnel(destination: Destination, path: Path) -> Iterator[Finding]:
    tunnel = destination.tunnel
    if destination.method is not ForwardingMethod.TUN:
        yield key_error((*path, "tunnel"), "'tunnel' is only for method tun")
    elif tunnel is not None and tunnel.type is TunnelType.GUE:
        if tunnel.port is None:
            yield key_error((*path, "tunnel"), "'port' is missing", "gue goes to a UDP port")
    elif tunnel is not None and tunnel.port is not None:
        yield key_error((*path, "tunnel", "port"), "'port' is only for gue")
    if tunnel is not None and tunnel.checksum and tunnel.type is TunnelType.IPIP:
        yield key_error((*path, "tunnel", "checksum"), "ipip has no checksum")
