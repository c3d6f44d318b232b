"""What the tests of netlink's bytes share."""

from __future__ import annotations

import sys

import pytest

from lvsboot.ipvs.netlink import Attributes, split_attributes
from lvsboot.ipvs.table import Protocol, VirtualAddress

little = pytest.mark.skipif(
    sys.byteorder != "little", reason="the bytes are a little-endian host's"
)
WEB = VirtualAddress(Protocol.TCP, b"\xc0\x00\x02\x01", 80)


def attributes(data: bytes) -> Attributes:
    return Attributes(split_attributes(data))
