"""Rules on the real servers of a director's services. There may be many thousand of them."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.ipvs.table import Family, ForwardingMethod, TunnelType
from lvsboot.role.constraints.addresses import Surroundings
from lvsboot.role.constraints.findings import METHOD, NETWORK, SERVICES, Uses, key_error, warning
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director
from lvsboot.role.services import Destination, Service

_FAMILY_OF = {4: Family.IPV4, 6: Family.IPV6}


def destination_findings(director: Director, around: Surroundings) -> Iterator[Finding]:
    looked_at: set[tuple[Address, ForwardingMethod]] = set()
    for i, service in enumerate(director.services):
        keys = Uses()
        for j, destination in enumerate(service.destinations):
            path: Path = (*SERVICES, i, "real_servers", j)
            port = service.port if destination.port is None else destination.port
            if first := keys.again((destination.address, port), path):
                # Not the service's port: services that share a list are told of it once.
                what = "" if destination.port is None else f" port {port}"
                message = f"{destination.address}{what} is used twice in one service"
                yield Finding((*path, "address"), message, conflicts_with=first)
            # One real server stands in many services: what its address is wrong in is said once.
            kind = (destination.address, destination.method)
            if kind not in looked_at:
                looked_at.add(kind)
                yield from _address(destination, around, path)
            if destination.port is not None or destination.address.version != service.version:
                yield from _method(destination, port, service, path)
            if destination.lower_threshold > destination.upper_threshold:
                yield from _thresholds(destination, path)
            if destination.tunnel is not None:
                yield from _tunnel(destination, path)


def _address(destination: Destination, around: Surroundings, path: Path) -> Iterator[Finding]:
    address = destination.address
    place = (*path, "address")
    if address.is_loopback:
        yield from _loopback(destination, path)
        return
    troubles = list(around.host_trouble(address, place))
    yield from troubles
    if address.version == 6 and address.is_link_local:
        # ip_vs_new_dest() in ip_vs_ctl.c.
        message = f"{address} is link-local, which IPVS refuses"
        yield Finding(place, message, "give the real server another address")
    elif address in around.own:
        # A host's own address is served here (ip_vs_send_or_cont() in ip_vs_xmit.c): for one, by
        # what apologises while nobody else serves. A VIP may be another director's tomorrow.
        conflicts_with = around.own[address]
        if conflicts_with[0] == "director":
            yield Finding(
                place, f"{address} is a VIP of this director", conflicts_with=conflicts_with
            )
    elif not troubles and around.is_known(address.version):
        yield from _way(destination, around, path)


def _loopback(destination: Destination, path: Path) -> Iterator[Finding]:
    """Dr and tun hand a packet for any address of the host to the host, still addressed to the VIP.

    ip_vs_nat_xmit() drops what came from outside and would go to a loopback address.
    """
    if destination.method is ForwardingMethod.NAT:
        message = f"{destination.address} is a loopback address, where nat may not send"
        depends_on = (METHOD, (*path[:3], "method"))
        yield Finding((*path, "address"), message, "dr serves the VIP here", depends_on=depends_on)


def _way(destination: Destination, around: Surroundings, path: Path) -> Iterator[Finding]:
    address = destination.address
    depends_on = (NETWORK, METHOD, (*path[:3], "method"))
    if destination.method is ForwardingMethod.DR and not around.is_on_link(address):
        message = f"{address} is on no directly connected network: dr cannot reach past a router"
        yield warning((*path, "address"), message, "nat and tun can", depends_on=depends_on)
    elif address.version == 4 and not around.has_way(address):
        message = f"no network, gateway or route leads to {address}"
        yield warning((*path, "address"), message, depends_on=depends_on)


def _method(destination: Destination, port: int, service: Service, path: Path) -> Iterator[Finding]:
    method = destination.method
    depends_on = (METHOD, (*path[:3], "method"))
    if method is not ForwardingMethod.NAT and port != service.port:
        # The kernel replaces the port without a word: see ip_vs_add_dest() in ip_vs_ctl.c.
        message = f"port {port} differs from the service's port {service.port}"
        hint = f"{method.value} leaves packets as they are; only nat can"
        yield Finding((*path, "port"), message, hint, depends_on=depends_on)
    if destination.address.version != service.version and method is not ForwardingMethod.TUN:
        message = f"{destination.address} is not of the service's family, {service.family.value}"
        yield Finding(
            (*path, "address"), message, "only tunnels cross families", depends_on=depends_on
        )


def _thresholds(destination: Destination, path: Path) -> Iterator[Finding]:
    message = f"{destination.lower_threshold} is above the upper threshold"
    hint = f"upper_threshold is {destination.upper_threshold}"
    yield Finding((*path, "lower_threshold"), message, hint)


def _tunnel(destination: Destination, path: Path) -> Iterator[Finding]:
    tunnel = destination.tunnel
    if destination.method is not ForwardingMethod.TUN:
        depends_on = (METHOD, (*path[:3], "method"))
        yield key_error((*path, "tunnel"), "'tunnel' is only for method tun", depends_on=depends_on)
    elif tunnel is not None and tunnel.type is TunnelType.GUE:
        if tunnel.port is None:
            yield key_error((*path, "tunnel"), "'port' is missing", "gue goes to a UDP port")
    elif tunnel is not None and tunnel.port is not None:
        yield key_error((*path, "tunnel", "port"), "'port' is only for gue")
    if tunnel is not None and tunnel.checksum and tunnel.type is TunnelType.IPIP:
        yield key_error((*path, "tunnel", "checksum"), "ipip has no checksum")
