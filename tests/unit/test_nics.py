"""What other programs' network files say of a NIC, by their own manuals' words."""

from __future__ import annotations

import pytest

from lvsboot.nics.addresses import missing_addresses
from lvsboot.nics.interfaces import is_sourced, parse_interfaces, source_pattern
from lvsboot.nics.netplan import parse_definitions
from lvsboot.nics.networkd import Matching, parse_match
from lvsboot.role import decode_role

MAC = "52:54:00:00:00:01"

INTERFACES = """\
# auto eth9
source interfaces.d/*
source-directory /run/network/more
auto lo \\
  eth0
allow-hotplug eth1
iface lo inet loopback

iface eth0 inet static
    # a comment
    address 192.0.2.1/24
iface eth0:1 inet manual
iface eth1 inet manual
    up true
mapping eth2
    script /x
"""


def test_interfaces_are_read_as_ifupdown_reads_them() -> None:
    interfaces = parse_interfaces(INTERFACES)
    assert [(it.name, it.head.number, it.does_nothing) for it in interfaces.stanzas] == [
        ("lo", 7, False),
        ("eth0", 9, False),
        ("eth0", 12, True),
        ("eth1", 13, False),
    ]
    assert [line.words for line in interfaces.stanzas[1].options] == [("address", "192.0.2.1/24")]
    assert interfaces.starts("eth0")
    assert interfaces.starts("eth1")
    assert not interfaces.starts("eth9")


def test_what_is_sourced() -> None:
    every, some = parse_interfaces(INTERFACES).sources
    assert source_pattern(every, "/etc/network") == "/etc/network/interfaces.d/*"
    assert source_pattern(some, "/etc/network") == "/run/network/more/*"
    assert [is_sourced(line, name) for line in (every, some) for name in ("lvs", "a.b", ".c")] == [
        *(True, True, False),
        *(True, False, False),
    ]


@pytest.mark.parametrize(
    ("match", "matching"),
    [
        ("Name=eth0", Matching.YES),
        ("Name=lan1\nName=eth*", Matching.YES),
        ("Name=eth*\nName=\nName=lan1", Matching.NO),
        ("Name=!eth0 eth1", Matching.NO),
        ("Name=!lan*", Matching.YES),
        ("Type=ether", Matching.YES),
        ("Type=wlan\nName=*", Matching.NO),
        ("Driver=virtio_net", Matching.MAYBE),
        ("Driver=virtio_net\nName=eth1", Matching.NO),
        ("MACAddress=52-54-00-00-00-01 02:00:00:00:00:00", Matching.YES),
        ("PermanentMACAddress=02:00:00:00:00:00", Matching.NO),
        ("; Name=eth0", Matching.NO),
        ("", Matching.NO),
    ],
)
def test_which_nics_a_network_file_is_for(match: str, matching: Matching) -> None:
    text = f"[Network]\nName=eth0\n[Match]\n{match}\n[Link]\nName=eth0\n"
    assert parse_match(text).matching("eth0", MAC) is matching
    assert parse_match(text).line == 3


def test_a_mac_that_is_not_known_may_be_the_nics() -> None:
    assert parse_match(f"[Match]\nMACAddress={MAC}\n").matching("eth0", None) is Matching.MAYBE


@pytest.mark.parametrize(
    ("device", "is_for"),
    [
        ("eth0: {}", True),
        ("eth1: {}", False),
        ("eth0: {match: {name: eth1}}", False),
        ("nic: {match: {name: 'eth*'}}", True),
        (f"nic: {{match: {{macaddress: '{MAC.upper()}'}}}}", True),
        ("nic: {match: {macaddress: '02:00:00:00:00:00'}, set-name: eth0}", True),
        ("nic: {match: {macaddress: '02:00:00:00:00:00'}}", False),
    ],
)
def test_which_nics_a_definition_is_for(device: str, *, is_for: bool) -> None:
    text = f"network:\n  version: 2\n  ethernets:\n    {device}\n"
    [definition] = parse_definitions(text).devices
    assert definition.is_for("eth0", MAC) is is_for
    assert (definition.line, definition.column) == (4, 5)


@pytest.mark.parametrize("text", ["", "a: [", "network: 1", "[1]", "network: {ethernets: [1]}"])
def test_a_file_that_netplan_would_refuse_defines_nothing(text: str) -> None:
    assert parse_definitions(text).devices == ()


def test_addresses_that_the_platform_did_not_give() -> None:
    shown = """[{}, {"ifname": "eth0", "addr_info": [
        {"local": "192.0.2.10", "prefixlen": 24}, {"local": "2001:db8::10", "prefixlen": 64}]}]"""
    value = {"addresses": ["192.0.2.10/24", "2001:DB8::10/64", "192.0.2.11/24", "192.0.2.10/25"]}
    nics = decode_role(
        {"network": {"interfaces": {"eth0": value, "eth1": {}}}, "real_server": {"method": "nat"}}
    ).nics
    assert [sentence.partition(":")[0] for sentence in missing_addresses(nics, shown)] == [
        "eth0 has no 192.0.2.11/24",
        "eth0 has no 192.0.2.10/25",
        "there is no interface eth1",
    ]
