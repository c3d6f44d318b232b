"""The links, addresses and default gateways that the running kernel has. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from lvsboot.errors import HostError
from lvsboot.role.formats import Address

_IFF_UP = 1
_MISSING = "reading addresses takes pyroute2: install python3-pyroute2"


@dataclass(frozen=True, slots=True)
class LiveNetwork:
    """`links` says of each link by its name whether it is up; an address may be on several."""

    links: Mapping[str, bool]
    addresses: frozenset[tuple[Address, str]]
    gateways: frozenset[Address]

    def interfaces_of(self, address: Address) -> tuple[str, ...]:
        return tuple(sorted(name for found, name in self.addresses if found == address))


def read_live_network() -> LiveNetwork:
    """As any user may; raises HostError."""
    try:
        from pyroute2 import IPRoute, NetlinkError  # noqa: PLC0415 - half a second of imports
    except ImportError as error:
        raise HostError(_MISSING) from error
    try:
        with IPRoute() as kernel:
            links = {link["index"]: link for link in kernel.get_links()}
            names = {index: str(link.get_attr("IFLA_IFNAME")) for index, link in links.items()}
            addresses = _addresses(kernel.get_addr, names)
            gateways = _gateways(kernel.get_default_routes)
    except NetlinkError as error:
        raise HostError(f"reading links and addresses: {os.strerror(error.code)}") from error
    except OSError as error:
        raise HostError(f"reading links and addresses: {error.strerror}") from error
    up = {names[index]: bool(link["flags"] & _IFF_UP) for index, link in links.items()}
    return LiveNetwork(up, addresses, gateways)


def _addresses(dump: Callable[[], Any], names: Mapping[int, str]) -> frozenset[tuple[Address, str]]:
    """The host's own: of a link between two points, IFA_ADDRESS is the other one's."""
    found = set()
    for message in dump():
        text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        # A link that came after the links were read.
        if text is not None and message["index"] in names:
            found.add((ip_address(text), names[message["index"]]))
    return frozenset(found)


def _gateways(dump: Callable[..., Any]) -> frozenset[Address]:
    texts = (route.get_attr("RTA_GATEWAY") for route in dump())
    return frozenset(ip_address(text) for text in texts if text is not None)
