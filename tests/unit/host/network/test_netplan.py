"""netplan's files, also those that are broken or hostile."""

from __future__ import annotations

import pytest

from lvsboot.host.network.netplan import parse_definitions

MAC = "52:54:00:00:00:01"


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
