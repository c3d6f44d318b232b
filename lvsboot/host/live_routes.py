"""Reads the running kernel's routes and neighbours, by pyroute2."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from lvsboot.host.live_network import open_rtnetlink, whole_dump
from lvsboot.role.formats import Address, Network

_MAIN = 254
_DEFAULT = {2: "0.0.0.0/0", 10: "::/0"}
# linux/neighbour.h: the kernel asked, and nobody answered.
_NUD_FAILED = 0x20


class LiveRoute(NamedTuple):
    """A route of the main table; `via` None: the network is on the link. A lower metric wins."""

    to: Network
    via: Address | None
    link: str
    metric: int = 0


class Neighbour(NamedTuple):
    """What the kernel knows of an address on a link; `is_failed`: nobody answered for it."""

    link: str
    address: Address
    is_failed: bool


def read_routes() -> tuple[LiveRoute, ...]:
    """The main table's, as any user may; a route with several next hops is several routes."""
    with open_rtnetlink("reading routes") as kernel:
        names = _link_names(kernel)
        messages = whole_dump(lambda: kernel.get_routes(table=_MAIN))
    return tuple(route for message in messages for route in _decode_route(message, names))


def read_neighbours() -> tuple[Neighbour, ...]:
    """ARP's and ND's entries, as any user may; raises HostError."""
    with open_rtnetlink("reading neighbours") as kernel:
        names = _link_names(kernel)
        messages = whole_dump(kernel.get_neighbours)
    return tuple(
        Neighbour(
            names.get(message["ifindex"], ""),
            ip_address(message.get_attr("NDA_DST")),
            bool(message["state"] & _NUD_FAILED),
        )
        for message in messages
        if message.get_attr("NDA_DST") is not None
    )


def _link_names(kernel: Any) -> dict[int, str]:  # noqa: ANN401
    found = whole_dump(kernel.get_links)
    return {message["index"]: str(message.get_attr("IFLA_IFNAME")) for message in found}


def _decode_route(message: Any, names: dict[int, str]) -> Iterator[LiveRoute]:  # noqa: ANN401
    if message["family"] not in _DEFAULT or message.get_attr("RTA_TABLE") != _MAIN:
        return
    target = message.get_attr("RTA_DST")
    text = _DEFAULT[message["family"]] if target is None else f"{target}/{message['dst_len']}"
    metric = message.get_attr("RTA_PRIORITY") or 0
    hops = message.get_attr("RTA_MULTIPATH")
    for hop in hops or (message,):
        gateway = hop.get_attr("RTA_GATEWAY")
        via = None if gateway is None else ip_address(gateway)
        index = hop["oif"] if hops else message.get_attr("RTA_OIF")
        yield LiveRoute(ip_network(text), via, names.get(index or 0, ""), metric)
