"""Builds gratuitous ARP and unsolicited neighbour advertisements as Ethernet frames. No I/O."""

from __future__ import annotations

from struct import Struct

_BROADCAST = b"\xff" * 6
_ETHERTYPE_ARP = b"\x08\x06"
_ETHERTYPE_IPV6 = b"\x86\xdd"

# RFC 826: hardware and protocol type, their lengths, operation; then sender and target.
_ARP = Struct("!HHBBH6s4s6s4s")
_ETHERNET, _IPV4 = 1, 0x0800
_REQUEST, _REPLY = 1, 2

# RFC 8200 section 3. No router lets a neighbour's hop limit through undiminished (RFC 4861 7.1).
_IPV6 = Struct("!IHBB16s16s")
_VERSION = 6 << 28
_ICMPV6 = 58
_HOP_LIMIT = 255
_ALL_NODES = b"\xff\x02" + bytes(13) + b"\x01"
# RFC 2464 section 7: 33:33 and the last four bytes of the multicast address.
_ALL_NODES_MAC = b"\x33\x33" + _ALL_NODES[-4:]

# RFC 4861 section 4.4, with the one option of 4.6.1, in units of eight bytes.
_ADVERTISEMENT = Struct("!BBHI16sBB6s")
_NEIGHBOUR_ADVERTISEMENT = 136
_ROUTER, _OVERRIDE = 1 << 31, 1 << 29
_TARGET_LINK_LAYER_ADDRESS = 2


def announcements(mac: bytes, address: bytes, *, router: bool) -> tuple[bytes, ...]:
    """The frames that show neighbours that `address`, packed, is at `mac`, 6 bytes.

    `router`: whether the host forwards IPv6 on this link; without the flag
    neighbours would drop it from their default routers.
    """
    if len(address) == 4:
        return gratuitous_arp(mac, address)
    return (neighbour_advertisement(mac, address, router=router),)


def gratuitous_arp(mac: bytes, address: bytes) -> tuple[bytes, bytes]:
    """A request and a reply: some hosts heed only the one, some only the other.

    RFC 5227 section 3 prefers the request, with no target; RFC 5944 section 4.6 wants in a reply
    the sender as the target.
    """
    head = _BROADCAST + mac + _ETHERTYPE_ARP
    about = (_ETHERNET, _IPV4, 6, 4)
    return (
        head + _ARP.pack(*about, _REQUEST, mac, address, bytes(6), address),
        head + _ARP.pack(*about, _REPLY, mac, address, mac, address),
    )


def neighbour_advertisement(mac: bytes, address: bytes, *, router: bool) -> bytes:
    """Unsolicited, to all nodes, overriding their caches (RFC 4861 section 7.2.6)."""
    flags = _OVERRIDE | (_ROUTER if router else 0)
    option = (_TARGET_LINK_LAYER_ADDRESS, 1, mac)
    packed = _ADVERTISEMENT.pack(_NEIGHBOUR_ADVERTISEMENT, 0, 0, flags, address, *option)
    # RFC 8200 section 8.1: the pseudo-header.
    pseudo = address + _ALL_NODES + len(packed).to_bytes(4, "big") + bytes(3) + bytes((_ICMPV6,))
    checksum = internet_checksum(pseudo + packed).to_bytes(2, "big")
    packet = _IPV6.pack(_VERSION, len(packed), _ICMPV6, _HOP_LIMIT, address, _ALL_NODES)
    return _ALL_NODES_MAC + mac + _ETHERTYPE_IPV6 + packet + packed[:2] + checksum + packed[4:]


def internet_checksum(data: bytes) -> int:
    """RFC 1071, of an even number of bytes."""
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
