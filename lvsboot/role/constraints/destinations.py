"""Rules on the real servers of a director's services. There may be many thousand of them."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.constraints.findings import NETWORK, SERVICES, Uses, method_paths, warning
from lvsboot.role.constraints.host_networks import HostNetworks
from lvsboot.role.constraints.tunnels import tunnel_findings
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director
from lvsboot.role.services import Destination, Service


def destination_findings(director: Director, networks: HostNetworks) -> Iterator[Finding]:
    checked: set[tuple[Address, ForwardingMethod]] = set()
    for i, service in enumerate(director.services):
        keys = Uses()
        for j, destination in enumerate(service.destinations):
            path: Path = (*SERVICES, i, "real_servers", j)
            address, method = destination.address, destination.method
            port = service.port if destination.port is None else destination.port
            if first := keys.first_use((address, port), path):
                # Without the service's port: services that share a list get one finding.
                what = "" if destination.port is None else f" port {port}"
                message = f"{address}{what} is used twice in one service"
                yield Finding((*path, "address"), message, conflicts_with=first)
            # A real server of many services gets one finding for its address.
            if (address, method) not in checked:
                checked.add((address, method))
                yield from _address(destination, networks, path)
            if destination.port is not None or address.version != service.version:
                yield from _method(destination, port, service, path)
            if destination.lower_threshold > destination.upper_threshold:
                message = f"{destination.lower_threshold} is above the upper threshold"
                hint = f"upper_threshold is {destination.upper_threshold}"
                yield Finding((*path, "lower_threshold"), message, hint)
            if destination.tunnel is not None:
                tunnel_path, methods = (*path, "tunnel"), method_paths(path)
                yield from tunnel_findings(destination.tunnel, method, tunnel_path, methods)


def _address(destination: Destination, networks: HostNetworks, path: Path) -> Iterator[Finding]:
    address = destination.address
    place = (*path, "address")
    if address.is_loopback:
        # Dr and tun deliver a packet to any address of the host, still addressed to the VIP.
        # ip_vs_nat_xmit() drops what came from outside and would go to a loopback address.
        if destination.method is ForwardingMethod.NAT:
            message = f"{address} is a loopback address, to which nat cannot forward"
            hint = "dr delivers to this host"
            yield Finding(place, message, hint, depends_on=method_paths(path))
        return
    errors = list(networks.host_error(address, place))
    yield from errors
    if address.version == 6 and address.is_link_local:
        # ip_vs_new_dest() in ip_vs_ctl.c.
        message = f"{address} is link-local, which IPVS refuses"
        yield Finding(place, message, "give the real server another address")
    elif address in networks.own:
        # This host may serve by an address of its own (ip_vs_send_or_cont() in ip_vs_xmit.c), for
        # instance an error page. But a VIP may be another director's tomorrow.
        conflict = networks.own[address]
        if conflict[0] == "director":
            yield Finding(place, f"{address} is a VIP of this director", conflicts_with=conflict)
    elif not errors and networks.is_known(address.version):
        yield from _way(destination, networks, path)


def _way(destination: Destination, networks: HostNetworks, path: Path) -> Iterator[Finding]:
    address = destination.address
    depends_on = (NETWORK, *method_paths(path))
    if destination.method is ForwardingMethod.DR and not networks.is_on_link(address):
        message = f"{address} is on no directly connected network: dr cannot reach past a router"
        yield warning((*path, "address"), message, "nat and tun can", depends_on=depends_on)
    elif address.version == 4 and not networks.is_reachable(address):
        message = f"no network, gateway or route leads to {address}"
        yield warning((*path, "address"), message, depends_on=depends_on)


def _method(destination: Destination, port: int, service: Service, path: Path) -> Iterator[Finding]:
    method = destination.method
    depends_on = method_paths(path)
    if method is not ForwardingMethod.NAT and port != service.port:
        # The kernel replaces the port silently: ip_vs_add_dest() in ip_vs_ctl.c.
        message = f"port {port} differs from the service's port {service.port}"
        hint = f"{method.value} does not change ports; only nat does"
        yield Finding((*path, "port"), message, hint, depends_on=depends_on)
    if destination.address.version != service.version and method is not ForwardingMethod.TUN:
        message = f"{destination.address} is not of the service's family, {service.family.value}"
        hint = "only tun crosses families"
        yield Finding((*path, "address"), message, hint, depends_on=depends_on)
