"""Announcements, byte by byte as the RFCs draw them."""

from __future__ import annotations

import pytest

from lvsboot.announce.frames import announcements, internet_checksum, neighbour_advertisement

MAC = bytes.fromhex("525400000100")
VIP = bytes((172, 16, 14, 1))
VIP6 = bytes.fromhex("20010db8001400000000000000000001")


def joined(*fields: str) -> bytes:
    return bytes.fromhex("".join(fields))


def test_arp_is_announced_as_a_request_and_as_a_reply() -> None:
    ethernet = joined("ffffffffffff", "525400000100", "0806")
    ipv4_over_ethernet = joined("0001", "0800", "06", "04")
    request = joined("0001", "525400000100", "ac100e01", "000000000000", "ac100e01")
    reply = joined("0002", "525400000100", "ac100e01", "525400000100", "ac100e01")
    assert announcements(MAC, VIP, router=False) == (
        ethernet + ipv4_over_ethernet + request,
        ethernet + ipv4_over_ethernet + reply,
    )


@pytest.mark.parametrize(
    # Summed up on paper, word by word.
    ("router", "flags", "checksum"),
    [(False, "20000000", "a7af"), (True, "a0000000", "27af")],
)
def test_a_neighbour_advertisement(*, router: bool, flags: str, checksum: str) -> None:
    ethernet = joined("333300000001", "525400000100", "86dd")
    version_class_flow, length, next_header, hop_limit = "60000000", "0020", "3a", "ff"
    all_nodes = "ff020000000000000000000000000001"
    ipv6 = joined(version_class_flow, length, next_header, hop_limit, VIP6.hex(), all_nodes)
    option = joined("02", "01", "525400000100")
    icmp = joined("88", "00", checksum, flags, VIP6.hex()) + option
    [frame] = announcements(MAC, VIP6, router=router)
    assert frame == ethernet + ipv6 + icmp


def test_the_checksum_is_the_internets() -> None:
    """The example of RFC 1071 section 3; a packet with its checksum sums up to zero."""
    assert internet_checksum(joined("0001", "f203", "f4f5", "f6f7")) == 0xFFFF - 0xDDF2
    frame = neighbour_advertisement(MAC, VIP6, router=True)
    length, next_header = (32).to_bytes(4, "big"), (58).to_bytes(4, "big")
    assert internet_checksum(frame[22:54] + length + next_header + frame[54:]) == 0
