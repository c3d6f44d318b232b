"""Services and real servers by name, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given

from lvsboot.ipvs.service_name import format_service_name, parse_endpoint, parse_service_name
from lvsboot.ipvs.table import Family, FirewallMark, Protocol, ServiceKey, VirtualAddress
from tests.unit.ipvs.tables import keys

ADDRESS = bytes([192, 0, 2, 1])
ADDRESS6 = bytes.fromhex("20010db8000000000000000000000001")


@given(keys)
def test_a_name_is_read_back(key: ServiceKey) -> None:
    assert parse_service_name(format_service_name(key)) == (key,)


def test_what_is_left_out_is_any() -> None:
    every = tuple(VirtualAddress(protocol, ADDRESS, 80) for protocol in Protocol)
    assert parse_service_name("192.0.2.1:80") == every
    assert parse_service_name("fwmark:1") == tuple(FirewallMark(1, family) for family in Family)


@pytest.mark.parametrize(
    "text",
    ["", "192.0.2.1", "192.0.2.1:80/", "192.0.2.1:80/xyz", "192.0.2.1:65536", "fwmark:0", "fwmark:",
     "fwmark:1/tcp", "fwmark:4294967296", "[192.0.2.1]:80", "2001:db8::1:", "1.2.3:80", "\udcff:80",
     "192.0.2.1:٣", "192.0.2.1:" + 9999 * "1"],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    assert parse_service_name(text) == ()


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("192.0.2.1", (ADDRESS, None)),
        ("192.0.2.1:80", (ADDRESS, 80)),
        ("2001:db8::1", (ADDRESS6, None)),
        ("[2001:db8::1]:80", (ADDRESS6, 80)),
        ("web", None),
        ("web:80", None),
        ("[2001:db8::1]", None),
    ],
)
def test_endpoints(text: str, endpoint: tuple[bytes, int | None] | None) -> None:
    assert parse_endpoint(text) == endpoint
