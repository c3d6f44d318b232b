"""Checks of what a director's real servers need of the network, and of a cloud below it."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, found, unseen, warning
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.live_network import LiveNetwork
from lvsboot.host.live_routes import LiveRoute, Neighbour
from lvsboot.host.platform import platform_hint
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, RealServer, Role

SEGMENT, ANSWERS, CLOUD = "dr.segment", "dr.neighbours", "platform.cloud"
_BYPASSING = {ForwardingMethod.DR, ForwardingMethod.TUN}


def check_segment(role: Role, live: LiveFacts) -> Iterator[Result]:
    if isinstance(role.kind, Director):
        addresses = dr_addresses(role.kind)
        if addresses:
            yield from _reached(addresses, live)
            yield from _answering(addresses, live)
    yield from _cloud(role, live)


def dr_addresses(director: Director) -> list[Address]:
    """The dr real servers' addresses, each once, in the role's order."""
    return list(
        dict.fromkeys(
            destination.address
            for service in director.services
            for destination in service.destinations
            if destination.method is ForwardingMethod.DR
        )
    )


def _reached(addresses: list[Address], live: LiveFacts) -> Iterator[Result]:
    if isinstance(live.network, Unseen):
        yield unseen(SEGMENT, live.network)
    elif isinstance(live.routes, Unseen):
        yield unseen(SEGMENT, live.routes)
    else:
        ways = (_no_way(address, live.network, live.routes) for address in addresses)
        right = "the dr real servers are on networks of this host"
        yield from found(SEGMENT, (problem for problem in ways if problem is not None), right)


def _no_way(address: Address, network: LiveNetwork, routes: tuple[LiveRoute, ...]) -> Result | None:
    own = {each.interface.ip for each in network.addresses}
    if address in own or address.is_loopback:
        return None
    ways = [
        route for route in routes if route.to.version == address.version and address in route.to
    ]
    best = min(ways, key=lambda route: (-route.to.prefixlen, route.metric), default=None)
    if best is not None and best.via is None:
        return None
    seen = f"no route leads to {address}"
    if best is not None:
        seen = f"{address} is behind {best.via}, and dr cannot reach past a router"
    fix = "give this host an address in the real server's network; nat and tun cross routers"
    return warning(SEGMENT, seen, "a dr real server is on a segment of the director", fix)


def _answering(addresses: list[Address], live: LiveFacts) -> Iterator[Result]:
    if isinstance(live.neighbours, Unseen):
        yield unseen(ANSWERS, live.neighbours)
        return
    failed = {each.address: each for each in live.neighbours if each.is_failed}
    problems = (_silent(failed[address]) for address in addresses if address in failed)
    yield from found(ANSWERS, problems, "no dr real server is known to be silent")


def _silent(neighbour: Neighbour) -> Result:
    seen = f"nobody answered for {neighbour.address} on {neighbour.link}"
    fix = "see whether the real server is up, and its address and VLAN are right"
    return warning(ANSWERS, seen, "the real server answers ARP or ND", fix)


def _cloud(role: Role, live: LiveFacts) -> Iterator[Result]:
    hint = platform_hint(live.dmi)
    if hint is None or not _bypasses(role):
        return
    name, advice = hint
    seen = (
        f"this is {name}, which delivers packets by its own tables: a VIP that it has not "
        "assigned reaches no director, a frame for a VIP no dr real server, and answers from a "
        "VIP may be dropped"
    )
    yield warning(CLOUD, seen, "the platform lets dr and tun through", f"{advice}; or use nat")


def _bypasses(role: Role) -> bool:
    match role.kind:
        case RealServer(method=method):
            return method in _BYPASSING
        case Director(services=services):
            return any(
                destination.method in _BYPASSING
                for service in services
                for destination in service.destinations
            )
