"""Rules on the NICs: what each is given, and what leads away from it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lvsboot.role.constraints.addresses import (
    Surroundings,
    address_text,
    edge_word,
    has_dhcp,
    network_key,
    networks_of,
    unicast_trouble,
)
from lvsboot.role.constraints.findings import NETWORK, Uses, key_error, warning
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Backend, Nic, Role

# Made by the kernel's own modules in each network namespace, some of them whenever one is loaded.
_KERNEL_DEVICES = {
    "erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0", "ip_vti0", "sit0", "teql0",
    "tunl0",
}  # fmt: skip
# RFC 8200, 5: the kernel turns IPv6 off on an interface with less.
_IPV6_MIN_MTU = 1280
_FAMILY = {4: "IPv4", 6: "IPv6"}


def network_findings(role: Role, around: Surroundings) -> Iterator[Finding]:
    macs, networks, defaults, routes = Uses(), Uses(), Uses(), Uses()
    for nic in role.nics:
        path: Path = ("network", "interfaces", nic.name)
        yield from _name(nic, path)
        yield from _mac(nic, macs, path)
        yield from _addresses(nic, networks, path)
        yield from _mtu(nic, path)
        for i, address in enumerate(nic.nameservers):
            if not address.is_loopback:
                yield from around.host_trouble(address, (*path, "nameservers", i))
        yield from _gateways(nic, around, defaults, path)
        yield from _routes(nic, around, defaults, routes, path)
        if nic.gateway_on_link and nic.gateway is nic.gateway6 is None and not nic.routes:
            message = f"{nic.name} has no gateway and no route for it to matter to"
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
    if first := macs.again(nic.mac, path):
        yield Finding(path, f"'{nic.mac}' is used twice", conflicts_with=first)
    if nic.name.startswith("eth") and nic.name[3:].isdigit():
        message = f"'{nic.name}' is one of the kernel's own names: a NIC may already hold it"
        yield warning(path, message, "choose another name, such as lan0")


def _addresses(nic: Nic, networks: Uses, nic_path: Path) -> Iterator[Finding]:
    for i, interface in enumerate(nic.addresses):
        path = (*nic_path, "addresses", i)
        trouble = unicast_trouble(interface.ip) or edge_word(interface)
        if interface.network.prefixlen == 0:
            message = f"{interface} makes every address a neighbour"
            yield Finding(path, message, "a prefix length such as /24 is meant")
        elif trouble:
            yield Finding(
                path, f"{address_text(interface.ip)} {trouble}", "a host's address is meant here"
            )
        first = networks.again(network_key(interface.network), path)
        if first and first[:3] != path[:3]:
            message = f"{interface.network} is on two NICs: each answers for the other's addresses"
            yield warning(path, message, conflicts_with=first)


def _mtu(nic: Nic, path: Path) -> Iterator[Finding]:
    has_ipv6 = has_dhcp(nic, 6) or any(networks_of(nic, 6)) or nic.gateway6 is not None
    if nic.mtu is not None and nic.mtu < _IPV6_MIN_MTU and has_ipv6:
        message = f"{nic.mtu} is too small for IPv6"
        yield Finding((*path, "mtu"), message, f"at least {_IPV6_MIN_MTU}")


def _gateways(nic: Nic, around: Surroundings, defaults: Uses, path: Path) -> Iterator[Finding]:
    for key, gateway in (("gateway", nic.gateway), ("gateway6", nic.gateway6)):
        if gateway is None:
            continue
        place = (*path, key)
        yield from _next_hop(nic, gateway, around, place)
        yield from _one_default(gateway.version, defaults, place)


def _one_default(version: int, defaults: Uses, path: Path) -> Iterator[Finding]:
    if first := defaults.again(version, path):
        message = f"a second way out for {_FAMILY[version]}: which one is taken is left to chance"
        yield warning(
            path, message, "routes are for what is behind other gateways", conflicts_with=first
        )


def _next_hop(nic: Nic, hop: Address, around: Surroundings, path: Path) -> Iterator[Finding]:
    troubles = list(around.host_trouble(hop, path))
    yield from troubles
    if hop in around.own:
        yield Finding(path, f"{hop} is this host's own address", conflicts_with=around.own[hop])
    elif not troubles and around.is_off_link(nic, hop):
        yield from _off_link(nic, hop, around, path)


def _off_link(nic: Nic, hop: Address, around: Surroundings, path: Path) -> Iterator[Finding]:
    """The kernel takes a next hop off the link only where it is told that it is a neighbour."""
    own = partial(around.there_on, nic, hop.version)
    message = f"{hop} is on none of {nic.name}'s networks"
    if around.is_on_link(hop):
        yield Finding(path, f"{message}, but on another's", own)
    elif not nic.gateway_on_link:
        all_the_same = f"gateway_on_link: true if {nic.name} reaches it all the same"
        yield Finding(path, message, lambda: f"{own()}; {all_the_same}")


def _routes(
    nic: Nic, around: Surroundings, defaults: Uses, routes: Uses, nic_path: Path
) -> Iterator[Finding]:
    for i, route in enumerate(nic.routes):
        path = (*nic_path, "routes", i)
        if route.to.version != route.via.version:
            message = f"{route.via} does not lead to {route.to}: they are of two families"
            yield Finding((*path, "via"), message)
        else:
            yield from _next_hop(nic, route.via, around, (*path, "via"))
        target = (*path, "to")
        if route.to.prefixlen == 0:
            yield from _one_default(route.to.version, defaults, target)
        elif first := routes.again(network_key(route.to), target):
            yield Finding(target, f"{route.to} is routed twice", conflicts_with=first)
        elif around.is_own_network(nic, route.to):
            yield warning(target, f"{route.to} is {nic.name}'s own network", "take the route away")
        elif trouble := _no_target(route.to.network_address):
            yield Finding(target, f"{route.to} {trouble}", "nothing leads there")


def _no_target(address: Address) -> str:
    trouble = unicast_trouble(address)
    return trouble if "multicast" in trouble or "loopback" in trouble else ""


def _waits(role: Role) -> Iterator[Finding]:
    if not role.nics or role.network is None or role.network.backend is Backend.EXTERNAL:
        return
    if not any(nic.required for nic in role.nics):
        path = (*NETWORK, role.nics[0].name, "required")
        message = "no interface is required: network-online.target would wait for one in vain"
        yield warning(path, message, "leave required out of one", depends_on=(NETWORK,))
