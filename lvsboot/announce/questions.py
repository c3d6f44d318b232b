"""Builds ARP probes and neighbour solicitations, and reads who answers. No I/O."""

from __future__ import annotations

from struct import Struct

from lvsboot.announce.frames import internet_checksum

_BROADCAST = b"\xff" * 6
_ARP_HEAD, _IPV6_HEAD = b"\x08\x06", b"\x86\xdd"
_ARP = Struct("!HHBBH6s4s6s4s")
_REQUEST, _REPLY = 1, 2
_IPV6 = Struct("!IHBB16s16s")
_ICMPV6, _HOP_LIMIT = 58, 255
_SOLICITATION, _ADVERTISEMENT = 135, 136
# RFC 4291 section 2.7.1: ff02::1:ff00:0/104 and the last three bytes of the address.
_SOLICITED_NODE = b"\xff\x02" + bytes(9) + b"\x01\xff"
_SOURCE_LINK_LAYER, _TARGET_LINK_LAYER = 1, 2


def arp_probe(mac: bytes, address: bytes) -> bytes:
    """Asks who has the address, packed, without a sender: no cache learns from it (RFC 5227)."""
    fields = (1, 0x0800, 6, 4, _REQUEST, mac, bytes(4), bytes(6), address)
    return _BROADCAST + mac + _ARP_HEAD + _ARP.pack(*fields)


def neighbour_solicitation(mac: bytes, source: bytes, address: bytes) -> bytes:
    """Asks who has the address, from `source`, an address of this host (RFC 4861 section 4.3)."""
    group = _SOLICITED_NODE + address[-3:]
    option = bytes((_SOURCE_LINK_LAYER, 1)) + mac
    body = bytes((_SOLICITATION, 0)) + bytes(2) + bytes(4) + address + option
    pseudo = source + group + len(body).to_bytes(4, "big") + bytes(3) + bytes((_ICMPV6,))
    checksum = internet_checksum(pseudo + body).to_bytes(2, "big")
    packet = _IPV6.pack(6 << 28, len(body), _ICMPV6, _HOP_LIMIT, source, group)
    return b"\x33\x33" + group[-4:] + mac + _IPV6_HEAD + packet + body[:2] + checksum + body[4:]


def answering_mac(frame: bytes, address: bytes) -> bytes | None:
    """The MAC that a frame gives for the address; None for a frame that does not answer."""
    kind, packet = frame[12:14], frame[14:]
    if kind == _ARP_HEAD and len(packet) >= _ARP.size:
        _, _, _, _, operation, mac, sender, _, _ = _ARP.unpack_from(packet)
        return mac if operation == _REPLY and sender == address else None
    if kind == _IPV6_HEAD and len(packet) >= 64 and packet[6] == _ICMPV6:
        body = packet[40:]
        if body[0] != _ADVERTISEMENT or body[8:24] != address:
            return None
        return _target_mac(body[24:]) or frame[6:12]
    return None


def _target_mac(options: bytes) -> bytes | None:
    """Of the option for the target's link-layer address; each option says its length in eights."""
    while len(options) >= 8 and options[1]:
        if options[0] == _TARGET_LINK_LAYER:
            return options[2:8]
        options = options[options[1] * 8 :]
    return None
