"""Checks of the role's NICs: addresses, MTU, gateways, routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.live_network import LiveNetwork
from lvsboot.host.live_routes import LiveRoute
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.formats import Address
from lvsboot.role.model import Nic, RealServer, Role

UP, ADDRESSES, MTU, ROUTES = "nic.up", "nic.addresses", "nic.mtu", "nic.routes"
GATEWAY = "nat.gateway"
_DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}


def check_nics(role: Role, live: LiveFacts) -> Iterator[Result]:
    network = live.network
    if role.nics and isinstance(network, Unseen):
        for check in (UP, ADDRESSES, MTU):
            yield unseen(check, network)
    elif role.nics and not isinstance(network, Unseen):
        nics = [nic for nic in role.nics if nic.name in network.links]
        names = " ".join(nic.name for nic in role.nics)
        yield from found(UP, _links(role.nics, network), f"{names}: up")
        yield from found(ADDRESSES, _addresses(nics, network), "the NICs have their addresses")
        yield from found(MTU, _mtus(nics, network), "the NICs have their MTU")
    if isinstance(live.routes, Unseen):
        yield unseen(ROUTES, live.routes)
        return
    wanted = list(_wanted_routes(role.nics))
    if wanted:
        lacking = _lacking(wanted, live.routes)
        yield from found(ROUTES, lacking, "gateways and routes are there")
    if isinstance(role.kind, RealServer) and role.kind.method is ForwardingMethod.NAT:
        yield from _director(role.kind, live.routes)


def _links(nics: Iterable[Nic], network: LiveNetwork) -> Iterator[Result]:
    for nic in nics:
        link = network.links.get(nic.name)
        if link is None:
            seen = f"there is no interface {nic.name}"
            fix = "see `ip link`"
            if nic.mac is not None:
                fix += f": the NIC with {nic.mac} gets this name at a boot"
            yield failure(UP, seen, f"{nic.name} up", fix)
        elif not link.is_up:
            fix = f"`ip link set {nic.name} up`"
            yield failure(UP, f"{nic.name} is down", f"{nic.name} up", fix)


def _addresses(nics: Iterable[Nic], network: LiveNetwork) -> Iterator[Result]:
    present = {(each.link, each.interface) for each in network.addresses}
    for nic in nics:
        for address in nic.addresses:
            if (nic.name, address) in present:
                continue
            others = sorted(
                f"{each.interface} on {each.link}"
                for each in network.addresses
                if each.interface.ip == address.ip
            )
            seen = f"{nic.name} has no {address}"
            if others:
                seen += f"; there is {', '.join(others)}"
            yield failure(ADDRESSES, seen, f"{address} on {nic.name}", _backend_fix(nic.name))


def _mtus(nics: Iterable[Nic], network: LiveNetwork) -> Iterator[Result]:
    for nic in nics:
        mtu = network.links[nic.name].mtu
        if nic.mtu is not None and mtu not in {0, nic.mtu}:
            seen, expected = f"{nic.name} has MTU {mtu}", f"MTU {nic.mtu}"
            yield failure(MTU, seen, expected, f"`ip link set {nic.name} mtu {nic.mtu}`")


def _backend_fix(name: str) -> str:
    return f"`networkctl reconfigure {name}`, `ifup {name}`, or what else configures {name}"


def _wanted_routes(nics: Iterable[Nic]) -> Iterator[tuple[str, Address, str]]:
    """Target, next hop and NIC; of a link-local next hop, too."""
    for nic in nics:
        for gateway in nic.gateways:
            yield _DEFAULTS[gateway.version], gateway, nic.name
        for route in nic.routes:
            yield str(route.to), route.via, nic.name


def _lacking(
    wanted: Iterable[tuple[str, Address, str]], routes: Iterable[LiveRoute]
) -> Iterator[Result]:
    present = {(str(route.to), route.via, route.link) for route in routes}
    for to, via, name in wanted:
        if (to, via, name) not in present:
            what = "default" if to in _DEFAULTS.values() else to
            seen = f"no route to {what} via {via} on {name}"
            yield failure(ROUTES, seen, f"{what} via {via} dev {name}", _backend_fix(name))


def _director(real_server: RealServer, routes: Iterable[LiveRoute]) -> Iterator[Result]:
    """A nat real server's answers leave through the director, by the default route in force."""
    director = real_server.director
    if director is None:
        return
    default = _DEFAULTS[director.version]
    defaults = sorted(
        (route for route in routes if str(route.to) == default), key=lambda route: route.metric
    )
    expected = f"the default route via {director}, the director"
    fix = f"`ip route replace default via {director}`, and in what configures the NIC"
    problems = []
    if not defaults:
        problems = [failure(GATEWAY, "there is no default route", expected, fix)]
    elif defaults[0].via != director:
        seen = f"the default route is via {defaults[0].via} on {defaults[0].link}"
        problems = [failure(GATEWAY, seen, expected, fix)]
    yield from found(GATEWAY, problems, f"the default route is via {director}, the director")
