"""rtnetlink's messages, as `struct` lays out linux/rtnetlink.h's own structures."""

from __future__ import annotations

import struct

import pytest

from lvsboot.announce.links import (
    RTM_GETADDR,
    RTM_NEWADDR,
    RTM_NEWLINK,
    Link,
    decode_addresses,
    decode_links,
    dump_request,
)
from lvsboot.ipvs.netlink import Message, attribute

MAC = bytes.fromhex("525400000100")
UP, RUNNING, NOARP = 0x1, 0x40, 0x80
ETHER, LOOPBACK = 1, 772


def link(kind: int = ETHER, flags: int = UP | RUNNING, mac: bytes = MAC) -> Message:
    body = struct.pack("=BxHiII", 0, kind, 2, flags, 0)
    return Message(RTM_NEWLINK, 1, body + attribute(3, b"eth0\0") + attribute(1, mac))


def address(flags: int = 0) -> Message:
    body = struct.pack("=BBBBI", 2, 32, flags, 0, 2)
    return Message(RTM_NEWADDR, 1, body + attribute(1, b"\1\2\3\4") + attribute(2, b"\4\3\2\1"))


def test_a_link_that_neighbours_hear() -> None:
    assert list(decode_links([link()])) == [Link(2, "eth0", MAC)]


@pytest.mark.parametrize(
    "deaf",
    [
        link(kind=LOOPBACK),
        link(flags=UP),
        link(flags=RUNNING),
        link(flags=UP | RUNNING | NOARP),
        link(mac=b""),
        link()._replace(kind=RTM_NEWADDR),
    ],
)
def test_a_link_that_none_hears(deaf: Message) -> None:
    assert list(decode_links([deaf])) == []


def test_an_address_is_the_hosts_own_end() -> None:
    assert list(decode_addresses([link(), address()])) == [(2, b"\4\3\2\1")]


@pytest.mark.parametrize("flag", [0x40, 0x08])
def test_an_address_that_may_be_anothers_is_not_ours_yet(flag: int) -> None:
    assert list(decode_addresses([address(flags=flag)])) == []


def test_all_is_asked_for() -> None:
    request, dump = 0x1, 0x300
    assert dump_request(RTM_GETADDR, 7) == struct.pack(
        "=IHHIIBBBBI", 24, RTM_GETADDR, request | dump, 7, 0, 0, 0, 0, 0, 0
    )
