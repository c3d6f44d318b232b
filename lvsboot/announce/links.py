"""Which addresses are on which links, from rtnetlink's messages (rtnetlink(7)). No I/O."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from lvsboot.ipvs.netlink import HEADER, NLM_F_DUMP, NLM_F_REQUEST, Message, split_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RTM_NEWLINK, RTM_GETLINK = 16, 18
RTM_NEWADDR, RTM_GETADDR = 20, 22
# Multicast groups that tell of links, IPv4 and IPv6 addresses, as bits.
CHANGES = 0x1 | 0x10 | 0x100

# Family, type, index, flags, mask of changes.
_LINK = Struct("=BxHiII")
_IFLA_ADDRESS, _IFLA_IFNAME = 1, 3
_ARPHRD_ETHER = 1
_IFF_UP, _IFF_RUNNING, _IFF_NOARP = 0x1, 0x40, 0x80

# Family, prefix length, flags, scope, index.
_ADDRESS = Struct("=BBBBI")
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
# Duplicate address detection has not ended yet, or has found a duplicate.
_IFA_F_TENTATIVE, _IFA_F_DADFAILED = 0x40, 0x08


class Link(NamedTuple):
    """An Ethernet link that is up and has a carrier: neighbours hear what is said on it."""

    number: int
    name: str
    mac: bytes


def dump_request(kind: int, sequence: int) -> bytes:
    """Of all links (RTM_GETLINK) or addresses (RTM_GETADDR), of every family."""
    body = bytes((_LINK if kind == RTM_GETLINK else _ADDRESS).size)
    flags = NLM_F_REQUEST | NLM_F_DUMP
    return HEADER.pack(HEADER.size + len(body), kind, flags, sequence, 0) + body


def decode_links(messages: Iterable[Message]) -> Iterator[Link]:
    """The links that neighbours can hear us on."""
    for message in messages:
        if message.kind != RTM_NEWLINK:
            continue
        _family, kind, index, flags, _mask = _LINK.unpack_from(message.body)
        found = split_attributes(message.body[_LINK.size :])
        mac = found.get(_IFLA_ADDRESS, b"")
        up = flags & (_IFF_UP | _IFF_RUNNING | _IFF_NOARP) == _IFF_UP | _IFF_RUNNING
        if up and kind == _ARPHRD_ETHER and len(mac) == 6:
            yield Link(index, found[_IFLA_IFNAME].rstrip(b"\0").decode(errors="replace"), mac)


def decode_addresses(messages: Iterable[Message]) -> Iterator[tuple[int, bytes]]:
    """A link's index and an address on it, packed, that may be used."""
    for message in messages:
        if message.kind != RTM_NEWADDR:
            continue
        _family, _length, flags, _scope, index = _ADDRESS.unpack_from(message.body)
        if flags & (_IFA_F_TENTATIVE | _IFA_F_DADFAILED):
            continue
        found = split_attributes(message.body[_ADDRESS.size :])
        # On a point-to-point link the first is the other end's.
        address = found.get(_IFA_LOCAL, found.get(_IFA_ADDRESS))
        if address is not None:
            yield index, address
