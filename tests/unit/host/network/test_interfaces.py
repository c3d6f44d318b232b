"""ifupdown's files, read as interfaces(5) says."""

from __future__ import annotations

import pytest

from lvsboot.host.network.interfaces import Starts, is_sourced, parse_interfaces, source_pattern

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
    starts = Starts(interfaces.started)
    assert [starts.starts(name) for name in ("lo", "eth0", "eth1")] == [True] * 3
    assert not starts.starts("eth9")


@pytest.mark.parametrize(
    ("line", "name", "is_started"),
    [
        ("auto eth0:0", "eth0:0", True),
        # An alias is an interface of its own to ifup.
        ("auto eth0:0", "eth0", False),
        ("auto eth0", "eth0:0", False),
        ("allow-hotplug /eth*", "eth0", True),
        ("auto /eth?/1", "eth0", True),
        ("auto /lan*", "eth0", False),
        (f"auto mac/{MAC}", "eth0", True),
        ("auto mac/52:54:00:*", "eth0", True),
        ("auto mac/02:*", "eth0", False),
        # Whatever that file holds.
        ("auto ifindex/3", "eth0", True),
        # By another stanza than its own.
        ("auto eth0=lan", "eth0", False),
        ("no-scripts eth0", "eth0", False),
        ("", "lo", True),
    ],
)
def test_what_a_boot_starts(line: str, name: str, *, is_started: bool) -> None:
    assert Starts(parse_interfaces(line).started).starts(name, MAC) is is_started


@pytest.mark.parametrize(
    ("line", "logical"),
    [
        ("auto eth0=lan", {"lan"}),
        ("auto /eth*=lan eth1=wan", {"lan"}),
        ("auto eth0:1=lan", {"lan"}),
        (f"auto mac/{MAC}=lan", {"lan"}),
        ("auto eth0", set()),
    ],
)
def test_which_stanzas_a_boot_applies_under_other_names(line: str, logical: set[str]) -> None:
    assert Starts(parse_interfaces(line).started).logical_names("eth0", MAC) == logical


def test_what_a_stanza_inherits_may_do_something() -> None:
    text = "iface a inet manual\niface b inet manual inherits a\niface c inherits manual\n"
    assert [it.does_nothing for it in parse_interfaces(text).stanzas] == [True, False, False]


def test_what_is_sourced() -> None:
    every, some = parse_interfaces(INTERFACES).sources
    assert source_pattern(every, "/etc/network") == "/etc/network/interfaces.d/*"
    assert source_pattern(some, "/etc/network") == "/run/network/more/*"
    assert [is_sourced(line, name) for line in (every, some) for name in ("lvs", "a.b", ".c")] == [
        *(True, True, False),
        *(True, False, False),
    ]
