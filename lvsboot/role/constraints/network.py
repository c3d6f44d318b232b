"""Rules on NICs: names, addresses, MTU, gateways and routes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lvsboot.role.constraints.addresses import (
    address_text,
    network_edges,
    network_key,
    unicast_error,
)
from lvsboot.role.constraints.findings import NETWORK, Uses, key_error, warning
from lvsboot.role.constraints.host_networks import HostNetworks
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Backend, Nic, Role

# Fallback devices, which kernel modules make in each network namespace.
_KERNEL_DEVICES = {
    "erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "teql0",
    "tunl0",
}  # fmt: skip
# RFC 8200, 5: below it the kernel turns IPv6 off on an interface.
_IPV6_MIN_MTU = 1280


def network_findings(role: Role, host: HostNetworks) -> Iterator[Finding]:
    macs, networks, defaults, routes = Uses(), Uses(), Uses(), Uses()
    for nic in role.nics:
        path: Path = (*NETWORK, nic.name)
        yield from _name(nic, path)
        yield from _mac(nic, macs, path)
        yield from _addresses(nic, networks, path)
        yield from _mtu(nic, path)
        for i, address in enumerate(nic.nameservers):
            if not address.is_loopback:
                yield from host.host_error(address, (*path, "nameservers", i))
        yield from _gateways(nic, host, defaults, path)
        yield from _routes(nic, host, defaults, routes, path)
        if nic.gateway_on_link and not nic.gateways and not nic.routes:
            message = f"{nic.name} has no gateway and no route that it would apply to"
            yield warning((*path, "gateway_on_link"), message)
    yield from _waits(role)


def _name(nic: Nic, path: Path) -> Iterator[Finding]:
    if nic.name == "lo":
        yield key_error(path, "lo is no NIC", "the loopback VIPs are real_server.vips")
    elif nic.name in _KERNEL_DEVICES:
        message = f"'{nic.name}' is a device that the kernel makes itself"
        yield key_error(path, message, "name a NIC of the host")
    elif nic.name == "renderer":
        # handle_network_type() in netplan's parse.c; cloud-init's network-config is netplan's.
        message = "'renderer' is a setting in netplan's files, where no NIC can have this name"
        yield key_error(path, message, "choose another name, such as lan0")


def _mac(nic: Nic, macs: Uses, path: Path) -> Iterator[Finding]:
    if nic.mac is None:
        return
    path = (*path, "mac")
    if first := macs.first_use(nic.mac, path):
        yield Finding(path, f"'{nic.mac}' is used twice", conflicts_with=first)
    if nic.name.startswith("eth") and nic.name[3:].isdigit():
        message = f"'{nic.name}' is one of the kernel's own names: a NIC may already hold it"
        yield warning(path, message, "choose another name, such as lan0")


def _addresses(nic: Nic, networks: Uses, nic_path: Path) -> Iterator[Finding]:
    for i, interface in enumerate(nic.addresses):
        path = (*nic_path, "addresses", i)
        edges = dict(network_edges(interface.network))
        error = unicast_error(interface.ip) or edges.get(interface.ip)
        if interface.network.prefixlen == 0:
            message = f"{interface} makes every address a neighbour"
            yield Finding(path, message, "give a prefix length such as /24")
        elif error:
            message = f"{address_text(interface.ip)} {error}"
            yield Finding(path, message, "give the host's own address")
        first = networks.first_use(network_key(interface.network), path)
        if first and first[:3] != path[:3]:
            message = f"{interface.network} is on two NICs: each answers for the other's addresses"
            yield warning(path, message, conflicts_with=first)


def _mtu(nic: Nic, path: Path) -> Iterator[Finding]:
    addresses = (*nic.addresses, *nic.gateways)
    has_ipv6 = nic.has_dhcp(6) or any(address.version == 6 for address in addresses)
    if nic.mtu is not None and nic.mtu < _IPV6_MIN_MTU and has_ipv6:
        message = f"{nic.mtu} is too small for IPv6"
        yield Finding((*path, "mtu"), message, f"at least {_IPV6_MIN_MTU}")


def _gateways(nic: Nic, host: HostNetworks, defaults: Uses, path: Path) -> Iterator[Finding]:
    for gateway in nic.gateways:
        place = (*path, "gateway" if gateway.version == 4 else "gateway6")
        yield from _next_hop(nic, gateway, host, place)
        yield from _one_default(gateway.version, defaults, place)


def _one_default(version: int, defaults: Uses, path: Path) -> Iterator[Finding]:
    if first := defaults.first_use(version, path):
        message = f"a second default route for IPv{version}: which one is used is left to chance"
        hint = "routes are for networks behind other gateways"
        yield warning(path, message, hint, conflicts_with=first)


def _next_hop(nic: Nic, hop: Address, host: HostNetworks, path: Path) -> Iterator[Finding]:
    errors = list(host.host_error(hop, path))
    yield from errors
    if hop in host.own:
        yield Finding(path, f"{hop} is this host's own address", conflicts_with=host.own[hop])
    elif not errors and host.is_off_link(nic, hop):
        yield from _off_link(nic, hop, host, path)


def _off_link(nic: Nic, hop: Address, host: HostNetworks, path: Path) -> Iterator[Finding]:
    """The kernel accepts a next hop in none of its networks only with the flag onlink."""
    own = partial(host.available_on, nic, hop.version)
    message = f"{hop} is on none of {nic.name}'s networks"
    if host.is_on_link(hop):
        yield Finding(path, f"{message}, but on another NIC's", own)
    elif not nic.gateway_on_link:
        directly = f"gateway_on_link: true if {nic.name} reaches it directly"
        yield Finding(path, message, lambda: f"{own()}; {directly}")


def _routes(
    nic: Nic, host: HostNetworks, defaults: Uses, routes: Uses, nic_path: Path
) -> Iterator[Finding]:
    for i, route in enumerate(nic.routes):
        path = (*nic_path, "routes", i)
        if route.to.version != route.via.version:
            message = f"{route.via} does not lead to {route.to}: they are of two families"
            yield Finding((*path, "via"), message)
        else:
            yield from _next_hop(nic, route.via, host, (*path, "via"))
        target = (*path, "to")
        if route.to.prefixlen == 0:
            yield from _one_default(route.to.version, defaults, target)
        elif first := routes.first_use(network_key(route.to), target):
            yield Finding(target, f"{route.to} is routed twice", conflicts_with=first)
        elif host.is_own_network(nic, route.to):
            yield warning(target, f"{route.to} is {nic.name}'s own network", "remove the route")
        elif error := _target_error(route.to.network_address):
            yield Finding(target, f"{route.to} {error}", "no route leads there")


def _target_error(address: Address) -> str:
    error = unicast_error(address)
    return error if "multicast" in error or "loopback" in error else ""


def _waits(role: Role) -> Iterator[Finding]:
    if not role.nics or role.network is None or role.network.backend is Backend.EXTERNAL:
        return
    if not any(nic.required for nic in role.nics):
        path = (*NETWORK, role.nics[0].name, "required")
        message = "no interface is required: network-online.target would wait for one in vain"
        yield warning(path, message, "remove required from one", depends_on=(NETWORK,))
