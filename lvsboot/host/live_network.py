"""Reads and changes the running kernel's links and addresses, by pyroute2."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address, ip_interface
from typing import Any, NamedTuple

from lvsboot.errors import HostError
from lvsboot.role.formats import Address, Interface

_MISSING = "reading addresses needs pyroute2: install python3-pyroute2"
_READING = "reading links and addresses"
_ARPHRD_ETHER = 1
_IFF_UP, _IFF_RUNNING, _IFF_NOARP = 0x1, 0x40, 0x80
# Duplicate address detection has not ended yet, or has found a duplicate.
_IFA_F_TENTATIVE, _IFA_F_DADFAILED = 0x40, 0x08
_RT_SCOPE_UNIVERSE = 0
# Links or addresses changed between two parts of a dump, which may lack some (linux/netlink.h).
_NLM_F_DUMP_INTR = 0x10
_MOST_DUMPS = 20


class Link(NamedTuple):
    """`mac` is empty where the link is no Ethernet; `has_neighbours`: it has a carrier, and ARP.

    `mtu` in bytes, 0 where it is not known.
    """

    name: str
    is_up: bool
    mac: bytes = b""
    has_neighbours: bool = False
    mtu: int = 0


class LinkAddress(NamedTuple):
    """An address and prefix length on a link; `is_usable` False during or after a failed DAD."""

    link: str
    interface: Interface
    is_usable: bool = True


class LiveNetwork(NamedTuple):
    """The links by their names; an address may be on several."""

    links: Mapping[str, Link]
    addresses: frozenset[LinkAddress]

    def links_with(self, address: Address) -> tuple[str, ...]:
        """The names of the links that have the address, sorted."""
        found = (each.link for each in self.addresses if each.interface.ip == address)
        return tuple(sorted(found))


def read_live_network() -> LiveNetwork:
    """As any user may; raises HostError."""
    with open_rtnetlink(_READING) as kernel:
        by_index = {link["index"]: _decode_link(link) for link in whole_dump(kernel.get_links)}
        # A link may have come since the links were read.
        addresses = frozenset(
            _decode_address(address, by_index[address["index"]])
            for address in whole_dump(kernel.get_addr)
            if address["index"] in by_index
        )
    return LiveNetwork({link.name: link for link in by_index.values()}, addresses)


def read_default_gateways() -> frozenset[Address]:
    """As any user may; raises HostError."""
    with open_rtnetlink("reading routes") as kernel:
        texts = [route.get_attr("RTA_GATEWAY") for route in whole_dump(kernel.get_default_routes)]
    return frozenset(ip_address(text) for text in texts if text is not None)


def set_mtu(name: str, mtu: int) -> None:
    """Nothing where there is no such link."""
    with open_rtnetlink(f"setting the MTU of {name}") as kernel:
        for index in kernel.link_lookup(ifname=name):
            with _ignoring(errno.ENODEV):
                kernel.link("set", index=index, mtu=mtu)


def flush_global_addresses(name: str) -> None:
    """Removes the link's addresses except those of link or host scope."""
    with open_rtnetlink(f"removing the addresses of {name}") as kernel:
        for index in kernel.link_lookup(ifname=name):
            for address in whole_dump(partial(kernel.get_addr, index=index)):
                if address["scope"] != _RT_SCOPE_UNIVERSE:
                    continue
                ends = {"local": address.get_attr("IFA_LOCAL")}
                ends["address"] = address.get_attr("IFA_ADDRESS")
                # An IPv4 address takes its secondary addresses with it.
                with _ignoring(errno.ENODEV, errno.EADDRNOTAVAIL):
                    kernel.addr(
                        "delete",
                        index=index,
                        family=address["family"],
                        prefixlen=address["prefixlen"],
                        **{key: text for key, text in ends.items() if text is not None},
                    )


@contextmanager
def open_rtnetlink(operation: str) -> Iterator[Any]:
    """An IPRoute, whose errors become HostErrors that begin with the operation."""
    try:
        from pyroute2 import IPRoute, NetlinkError  # noqa: PLC0415 - half a second of imports
    except ImportError as error:
        raise HostError(_MISSING) from error
    try:
        with IPRoute() as kernel:
            yield kernel
    except NetlinkError as error:
        raise HostError(f"{operation}: {os.strerror(error.code)}") from error
    except OSError as error:
        raise HostError(f"{operation}: {error.strerror}") from error


@contextmanager
def _ignoring(*numbers: int) -> Iterator[None]:
    from pyroute2 import NetlinkError  # noqa: PLC0415 - loaded already

    try:
        yield
    except NetlinkError as error:
        if error.code not in numbers:
            raise


def whole_dump(ask: Callable[[], Any]) -> tuple[Any, ...]:
    """A whole dump: pyroute2 raises where one was interrupted, or leaves the flag to its caller."""
    from pyroute2.netlink.exceptions import NetlinkDumpInterrupted  # noqa: PLC0415

    for _ in range(_MOST_DUMPS):
        try:
            messages = tuple(ask())
        except NetlinkDumpInterrupted:
            continue
        if not any(message["header"]["flags"] & _NLM_F_DUMP_INTR for message in messages):
            return messages
    raise HostError(f"{_READING}: they change faster than they can be read")


def _decode_link(message: Any) -> Link:  # noqa: ANN401
    name, flags = message.get_attr("IFLA_IFNAME"), message["flags"]
    # pyroute2 leaves what is not UTF-8 as bytes.
    name = name.decode(errors="replace") if isinstance(name, bytes) else name
    mac = b""
    if message["ifi_type"] == _ARPHRD_ETHER:
        mac = bytes.fromhex((message.get_attr("IFLA_ADDRESS") or "").replace(":", ""))
    has_carrier = flags & (_IFF_UP | _IFF_RUNNING | _IFF_NOARP) == _IFF_UP | _IFF_RUNNING
    has_neighbours = has_carrier and len(mac) == 6
    return Link(name, bool(flags & _IFF_UP), mac, has_neighbours, message.get_attr("IFLA_MTU") or 0)


def _decode_address(message: Any, link: Link) -> LinkAddress:  # noqa: ANN401
    # On a point-to-point link IFA_ADDRESS is the other end's.
    text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    is_usable = not message["flags"] & (_IFA_F_TENTATIVE | _IFA_F_DADFAILED)
    return LinkAddress(link.name, ip_interface(f"{text}/{message['prefixlen']}"), is_usable)
