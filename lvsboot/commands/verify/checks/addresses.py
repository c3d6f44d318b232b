"""Checks of VIPs: on their device, with their prefix length and host route, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.live_network import LinkAddress, LiveNetwork
from lvsboot.host.live_routes import LiveRoute
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, Owner, RealServer, Role

PRESENT, DEVICE, PREFIX, ROUTE = "vip.present", "vip.device", "vip.prefix", "vip.route"
LO = "lo"


def check_vips(role: Role, live: LiveFacts) -> Iterator[Result]:
    if not role.kind.vips:
        return
    if isinstance(live.network, Unseen):
        for check in (PRESENT, DEVICE, PREFIX):
            yield unseen(check, live.network)
        return
    match role.kind:
        case Director() as director:
            results = list(_directors(director, role, live.network))
        case RealServer(vips=vips):
            by_address = _by_address(live.network)
            results = [
                result
                for vip in vips
                for result in _vip(vip, LO, by_address.get(vip, []), vip.max_prefixlen)
            ]
    count = len(role.kind.vips)
    right = {
        PRESENT: f"VIPs up: {count}",
        DEVICE: "each VIP is on its device only",
        PREFIX: "each VIP has the prefix length of a host",
    }
    for check, text in right.items():
        yield from found(check, (each for each in results if each.id == check), text)
    if isinstance(role.kind, RealServer):
        yield from _routes(role.kind, live)


def _by_address(network: LiveNetwork) -> dict[Address, list[LinkAddress]]:
    found: dict[Address, list[LinkAddress]] = {}
    for each in network.addresses:
        found.setdefault(each.interface.ip, []).append(each)
    return found


def _directors(director: Director, role: Role, network: LiveNetwork) -> Iterator[Result]:
    hosts = {address.ip: address for nic in role.nics for address in nic.addresses}
    by_address = _by_address(network)
    for vip in director.vips:
        present = by_address.get(vip.address, [])
        if vip.owner is Owner.EXTERNAL and not present:
            continue  # another director has it
        prefix: int | None = vip.address.max_prefixlen
        if vip.owner is Owner.EXTERNAL or vip.address in hosts:
            prefix = None
        yield from _vip(vip.address, vip.interface, present, prefix)


def _vip(
    vip: Address, device: str, present: list[LinkAddress], prefix: int | None
) -> Iterator[Result]:
    """`prefix` None: of any length."""
    right = [each for each in present if each.link == device]
    others = sorted({each.link for each in present} - {device})
    restart = f"`systemctl restart lvs-vip@{vip}`, or where {device}'s backend has it, " + (
        f"`networkctl reconfigure {device}` or `ifup {device}`"
    )
    if device == LO:
        restart = f"`systemctl restart lvs-vip@{vip}`"
    if not right:
        yield failure(PRESENT, f"{vip} is not on {device}", f"{vip} on {device}", restart)
    elif not any(each.is_usable for each in right):
        seen = f"{vip} on {device} is not usable: another host has it (duplicate address detection)"
        yield failure(PRESENT, seen, "one host has the VIP", "find that host: `ip neighbour`")
    if others:
        names = ", ".join(others)
        seen = f"{vip} is on {names}" + (", too" if right else "")
        fix = "; ".join(f"`ip address flush dev {name} to {vip}`" for name in others)
        yield failure(DEVICE, seen, f"on {device} only", fix)
    lengths = {each.interface.network.prefixlen for each in right}
    if prefix is not None and right and prefix not in lengths:
        seen = f"{vip} on {device} has prefix length {min(lengths)}"
        fix = f"`ip address delete {vip}/{min(lengths)} dev {device}`; then {restart}"
        yield failure(PREFIX, seen, f"{vip}/{prefix}", fix)


def _routes(real_server: RealServer, live: LiveFacts) -> Iterator[Result]:
    if isinstance(live.routes, Unseen):
        yield unseen(ROUTE, live.routes)
        return
    there = {route.to.network_address for route in live.routes if _is_host_route(route)}
    missing = (
        failure(
            ROUTE,
            f"no host route leads to {vip} on lo",
            f"{vip} dev lo",
            f"`systemctl restart lvs-vip@{vip}`",
        )
        for vip in real_server.vips
        if vip not in there
    )
    yield from found(ROUTE, missing, "each VIP has its host route on lo")


def _is_host_route(route: LiveRoute) -> bool:
    return route.link == LO and route.to.prefixlen == route.to.max_prefixlen
