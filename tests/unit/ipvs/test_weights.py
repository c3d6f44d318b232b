"""Which layer of a weight is in effect, and how tables get it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.ipvs.changes import AddService, EditDestination, EditService, diff
from lvsboot.ipvs.table import DestinationKey, Protocol, ServiceKey, Table, VirtualAddress
from lvsboot.ipvs.weights import (
    Override,
    Overrides,
    Target,
    add_at_base,
    covers,
    desired_table,
    overridden_destinations,
    override_of,
    refusing_services,
    with_override,
    with_overrides,
    without_override,
)
from lvsboot.policy import Weights
from tests.unit.commands.host import rules
from tests.unit.ipvs.fake import applied
from tests.unit.ipvs.tables import addresses, keys, ports, tables

RIP = bytes((10, 0, 0, 1))
WEB = VirtualAddress(Protocol.TCP, bytes((192, 0, 2, 1)), 80)
KEY = DestinationKey(RIP, 80)


def put(weight: int) -> Override:
    return Override(weight, 0, "ann")


targets = st.builds(Target, addresses, st.none() | ports, st.none() | keys)
overrides_of_people = st.dictionaries(targets, st.integers(0, 9).map(put), max_size=4)


# Few, so that most of them are about the same destinations.
few_services = st.sampled_from((WEB, WEB._replace(port=443)))
few_ports = st.sampled_from((80, 81))
few_targets = st.builds(Target, st.just(RIP), st.none() | few_ports, st.none() | few_services)


@given(
    st.dictionaries(few_targets, st.integers(0, 9).map(put)), few_targets, few_ports, few_services
)
def test_the_newest_counts_for_every_destination_that_it_is_about(
    overrides: Overrides, target: Target, port: int, service: ServiceKey
) -> None:
    key = DestinationKey(RIP, port)
    now = with_override(overrides, target, put(77))
    is_meant = covers(target, Target(*key, service))
    assert override_of(now, service, key) == (
        put(77) if is_meant else override_of(overrides, service, key)
    )


def test_another_port_service_or_address_is_left_alone() -> None:
    other = WEB._replace(port=443)
    for target in (Target(RIP, 81), Target(RIP, 80, other), Target(bytes((10, 0, 0, 2)))):
        assert override_of({target: put(0)}, WEB, KEY) is None


@given(overrides_of_people, targets, targets)
def test_the_last_word_counts_for_all_that_it_covers(
    overrides: Overrides, target: Target, other: Target
) -> None:
    now = with_override(overrides, target, put(77))
    assert [each for each in now if covers(target, each)] == [target]
    assert {each: row for each, row in now.items() if not covers(target, each)} == (
        without_override(overrides, target)
    )
    if covers(target, other) and other.port is not None and other.service is not None:
        key = DestinationKey(other.address, other.port)
        assert override_of(now, other.service, key) == put(77)


@given(tables(), overrides_of_people)
def test_only_weights_differ_and_only_those_that_were_set(
    table: Table, overrides: Overrides
) -> None:
    result = with_overrides(table, overrides)
    assert all(isinstance(change, EditDestination) for change in diff(table, result))
    found = {
        (service, key): override.weight
        for service, key, override in overridden_destinations(table, overrides)
    }
    for service, (options, pool) in result.services.items():
        assert options == table.services[service].options
        for key, row in pool.items():
            before = table.services[service].destinations[key]
            weight = found.get((service, key), before.weight)
            assert row == before._replace(weight=weight)
    assert with_overrides(result, overrides) == result


def weight(table: Table, service: ServiceKey = WEB, key: DestinationKey = KEY) -> int:
    return table.services[service].destinations[key].weight


ONE = "-A -t 192.0.2.1:80 -s SCHEDULER\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 3\n"
BOTH = ONE + "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 2\n"


@pytest.mark.parametrize(
    ("policy", "overrides", "expected"),
    [
        (Weights.DECLARED, {}, 3),
        (Weights.KEEP, {}, 7),
        (Weights.DECLARED, {Target(RIP): put(0)}, 0),
        (Weights.KEEP, {Target(RIP): put(0)}, 0),
        (Weights.KEEP, {Target(RIP): put(5)}, 5),
    ],
)
def test_a_person_is_above_the_rules_and_the_live_weights(
    policy: Weights, overrides: Overrides, expected: int
) -> None:
    table = rules(ONE.replace("SCHEDULER", "wlc"))
    live = rules(ONE.replace("SCHEDULER", "wlc").replace("-w 3", "-w 7"))
    assert weight(desired_table(live, table, policy, overrides)) == expected


def test_mhs_table_is_built_with_the_rules_weights() -> None:
    table = rules(BOTH.replace("SCHEDULER", "mh"))
    wanted = with_overrides(table, {Target(RIP): put(0)})
    changes = [*add_at_base(diff(Table({}), wanted), table)]
    assert [type(change) for change in changes] == [AddService, EditDestination, EditService]
    assert weight(applied(Table({}), changes[:1])) == 3
    assert applied(Table({}), changes).services == wanted.services


@given(tables(), overrides_of_people)
def test_what_is_added_ends_as_it_is_wanted(table: Table, overrides: Overrides) -> None:
    wanted = with_overrides(table, overrides)
    changes = add_at_base(diff(Table({}), wanted), table)
    assert applied(Table({}), changes).services == wanted.services


@pytest.mark.parametrize(
    ("scheduler", "refusing"),
    [
        ("wlc", []),
        ("sh -b sh-fallback", []),
        ("mh", [WEB]),
        ("sh -b sh-port", [WEB]),
        ("dh", [WEB]),
    ],
)
def test_who_refuses_a_drained_servers_clients(
    scheduler: str, refusing: list[VirtualAddress]
) -> None:
    table = rules(ONE.replace("SCHEDULER", scheduler))
    assert [*refusing_services(table, {Target(RIP): put(0)})] == refusing
    assert [*refusing_services(table, {Target(RIP): put(1)})] == []
