"""What other programs' network files say of a NIC, by their own manuals' words."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from lvsboot.host.live_network import Link, LinkAddress, LiveNetwork
from lvsboot.host.network.addresses import missing_addresses
from lvsboot.host.network.interfaces import Starts, is_sourced, parse_interfaces, source_pattern
from lvsboot.host.network.mtu import names_with_mtu
from lvsboot.host.network.netplan import parse_definitions
from lvsboot.host.network.networkd import Matching, NetworkFile, parse_network_file
from lvsboot.role.reader import decode_role

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
        # Nobody can tell in time what this would match.
        (f"Name={'[' * 1_000_000}", Matching.YES),
        ("Name=lan1 \\\n# eth1\n  eth0", Matching.YES),
        ("Name=lan1 \\\n  eth1", Matching.NO),
        ('Name="eth0"', Matching.YES),
        ("Name=eth[^1]", Matching.YES),
        ("Name=!lan*\nName=eth1", Matching.NO),
        ("", Matching.NO),
    ],
)
def test_which_nics_a_network_file_is_for(match: str, matching: Matching) -> None:
    text = f"[Network]\nName=eth0\n[Match]\n{match}\n[Link]\nName=eth0\n"
    assert network_file(text).matching("eth0", MAC) is matching
    assert network_file(text).match.line == 3


def network_file(*texts: str) -> NetworkFile:
    return parse_network_file((f"file{number}", text) for number, text in enumerate(texts))


def test_a_mac_that_is_not_known_may_be_the_nics() -> None:
    file = network_file(f"[Match]\nMACAddress={MAC}\n")
    assert file.matching("eth0", None) is Matching.MAYBE


@pytest.mark.parametrize(
    ("texts", "matching", "place"),
    [
        (("[Match]\nName=eth0", "[Network]\nDHCP=yes"), Matching.YES, "file0:1"),
        (("[Match]\nName=lan1", "# eth0\n[Match]\nName=eth0"), Matching.YES, "file1:2"),
        (("[Network]\nDHCP=yes", "", "[Match]\nName=eth*"), Matching.YES, "file2:1"),
        (("[Match]\nName=eth0", "[Match]\nName=\nName=lan1"), Matching.NO, ""),
        (("[Match]\nName=eth0", "[Match]\nType=wlan"), Matching.NO, ""),
        (("[Match]\nName=lan1", "[Match]\nName=", "[Match]\nName=eth0"), Matching.YES, "file2:1"),
    ],
)
def test_drop_ins_have_a_say_in_what_a_file_is_for(
    texts: tuple[str, ...], matching: Matching, place: str
) -> None:
    file = network_file(*texts)
    assert file.matching("eth0", MAC) is matching
    found = file.place_for("eth0", MAC)
    assert place in {f"{found.path}:{found.line}", ""}


@pytest.mark.parametrize(
    ("match", "matching"),
    [
        ("Name=lo", Matching.YES),
        ("Name=*", Matching.YES),
        ("Name=!eth*", Matching.YES),
        ("Name=l? eth0", Matching.YES),
        ("Type=loopback", Matching.YES),
        ("Type=!wlan", Matching.YES),
        ("MACAddress=00:00:00:00:00:00", Matching.YES),
        ("Name=*\nHost=rs1", Matching.MAYBE),
        ("Name=en* eth*", Matching.NO),
        ("Type=ether", Matching.NO),
        ("Name=*\nDriver=virtio_net", Matching.NO),
        ("Name=*\nDriver=!virtio_net", Matching.YES),
        (f"MACAddress={MAC}", Matching.NO),
        (f"PermanentMACAddress={MAC}", Matching.NO),
    ],
)
def test_which_files_are_los(match: str, matching: Matching) -> None:
    assert network_file(f"[Match]\n{match}\n").matching("lo", None) is matching


@pytest.mark.parametrize(
    ("text", "is_unmanaged"),
    [
        ("[Link]\nUnmanaged=yes", True),
        ("[Link]\nUnmanaged=yes\nUnmanaged=no", False),
        ("[Network]\nUnmanaged=yes", False),
        ("", False),
    ],
)
def test_a_link_that_networkd_leaves_alone(text: str, *, is_unmanaged: bool) -> None:
    assert network_file(text).is_unmanaged is is_unmanaged


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


DEEP = 20_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("network:\n  a: '\0'", 2),
        (f"network:\n  version: {'[' * DEEP}{']' * DEEP}", 2),
        (f"network:\n  version: {'{a: ' * DEEP}1{'}' * DEEP}", 2),
        ("".join(f"{' ' * depth}a:\n" for depth in range(900)), 64),
        ("%TAG !a! !b\n" * 1_000, 1),
    ],
)
def test_a_file_that_cannot_be_read_says_where(text: str, line: int) -> None:
    definitions = parse_definitions(text)
    assert definitions.fault is not None
    assert (definitions.fault.line, definitions.devices) == (line, ())


@pytest.mark.parametrize("text", ["network:\n  ethernets: [", "a: b: c", "a: b\n- c"])
def test_a_file_that_is_no_yaml_says_so(text: str) -> None:
    fault = parse_definitions(text).fault
    assert fault is not None
    assert fault.value == "it is not YAML"
    assert 1 <= fault.line <= text.count("\n") + 1


def test_aliases_are_followed_and_never_copied() -> None:
    number = 2_000
    addresses = "".join(f"        - 192.0.2.{it % 250}/24\n" for it in range(number))
    devices = "".join(f"    eth{it}: *all\n" for it in range(1, number))
    text = f"network:\n  ethernets:\n    eth0: &all\n      addresses:\n{addresses}{devices}"
    found = parse_definitions(text).devices
    assert len(found) == number
    assert len({id(device.facts) for device in found}) == 1
    assert found[-1].is_for(f"eth{number - 1}", None)
    assert len(found[-1].facts.addresses) == number


def test_an_alias_of_what_it_is_in_ends() -> None:
    definitions = parse_definitions("network: &n\n  ethernets: {lo: {addresses: *n}, eth0: *n}\n")
    assert [device.key for device in definitions.devices] == ["lo", "eth0"]


def test_the_addresses_of_a_definition() -> None:
    text = "network: {ethernets: {lo: {addresses: [192.0.2.1/32, {'2001:db8::1/128': {}}, {}]}}}"
    [device] = parse_definitions(text).devices
    assert [it.value for it in device.facts.addresses] == ["192.0.2.1/32", "2001:db8::1/128"]


@pytest.mark.parametrize("text", ["[" * DEEP, "network: [", "network: {ethernets: {eth0: 1}}"])
def test_a_broken_file_of_our_own_has_no_mtu(text: str) -> None:
    assert names_with_mtu("/etc/netplan/90-lvs.yaml", text) == set()


def test_addresses_that_the_platform_did_not_give() -> None:
    found = [ip_interface(text) for text in ("192.0.2.10/24", "2001:db8::10/64")]
    addresses = frozenset(LinkAddress("eth0", interface) for interface in found)
    live = LiveNetwork({"eth0": Link("eth0", is_up=True)}, addresses)
    value = {"addresses": ["192.0.2.10/24", "2001:DB8::10/64", "192.0.2.11/24", "192.0.2.10/25"]}
    nics = decode_role(
        {"network": {"interfaces": {"eth0": value, "eth1": {}}}, "real_server": {"method": "nat"}}
    ).nics
    assert [sentence.partition(":")[0] for sentence in missing_addresses(nics, live)] == [
        "eth0 has no 192.0.2.11/24",
        "eth0 has no 192.0.2.10/25",
        "there is no interface eth1",
    ]
