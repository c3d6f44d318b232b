"""diff, against a table that carries changes out, and by the cases of tests/ipvs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from lvsboot.cli.text.changes import changes_text
from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    build_pools_once,
    count_steps,
    diff,
    diff_daemons,
    inverse,
    is_in_effect,
    keep_weights,
    steps,
)
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Daemon, DaemonRole, Service, Table, Timeouts
from tests.unit.ipvs.fake import applied
from tests.unit.ipvs.tables import tables

CASES = sorted((Path(__file__).parents[2] / "ipvs").glob("*.yaml"))


def rules(text: str) -> Table:
    return parse_rules(text, file="case", port_of=lambda _name, _protocol: None)


@pytest.mark.parametrize("place", CASES, ids=lambda place: place.stem)
def test_case(place: Path) -> None:
    case: dict[str, Any] = yaml.safe_load(place.read_text(encoding="utf-8"))
    actual, desired = rules(case["actual"]), rules(case["desired"])
    if case.get("weights") == "keep":
        desired = keep_weights(actual, desired)
    ours = rules(case["ours"]).services if "ours" in case else None
    changes = (*diff(actual, desired, ours=ours), *diff_daemons(actual, desired))
    assert changes_text(changes) == case["changes"]


@given(tables())
def test_nothing_is_to_be_changed_where_nothing_differs(table: Table) -> None:
    running = table._replace(daemons={role: row for role, row in table.daemons.items() if row})
    assert diff(table, table) == ()
    assert diff_daemons(running, running) == ()


@given(tables(), tables())
def test_the_difference_makes_one_table_the_other(actual: Table, desired: Table) -> None:
    made = applied(actual, diff(actual, desired))
    assert made.services == desired.services
    merged = (want or have for have, want in zip(actual.timeouts, desired.timeouts, strict=True))
    assert made.timeouts == Timeouts(*merged)


@given(tables(), tables())
def test_pools_built_once_are_the_same_pools(actual: Table, desired: Table) -> None:
    changes = diff(actual, desired)
    assert applied(actual, build_pools_once(changes)) == applied(actual, changes)


@given(tables(), tables())
def test_every_change_can_be_taken_back(actual: Table, desired: Table) -> None:
    changes = diff(actual, desired)
    undo = [step for change in reversed(changes) for step in inverse(change)]
    assert applied(applied(actual, changes), undo) == actual


@given(tables(), tables())
def test_capacity_never_dips(actual: Table, desired: Table) -> None:
    """Additions, then edits, then deletions."""
    phases = [
        0 if isinstance(change, AddService | AddDestination) else
        2 if isinstance(change, DeleteService | DeleteDestination) else 1
        for change in diff(actual, desired)
    ]  # fmt: skip
    assert phases == sorted(phases)


@given(tables(), tables())
def test_a_foreign_service_is_not_touched(actual: Table, desired: Table) -> None:
    made = applied(actual, diff(actual, desired, ours=()))
    for key in actual.services.keys() - desired.services.keys():
        assert made.services[key] == actual.services[key]


@given(tables(), tables())
def test_live_weights_can_be_kept(actual: Table, desired: Table) -> None:
    for change in diff(actual, keep_weights(actual, desired)):
        if isinstance(change, EditDestination):
            assert change.destination.weight == change.before.weight


@given(tables(), tables())
def test_a_change_is_in_effect_once_it_was_carried_out(actual: Table, desired: Table) -> None:
    table = actual
    for change in diff(actual, desired):
        table = applied(table, [change])
        assert is_in_effect(change, table)


def test_a_large_pool_gets_its_scheduler_last() -> None:
    changes = diff(Table({}), rules("-A -f 1 -s mh\n-a -f 1 -r 10.0.0.1\n-a -f 1 -r 10.0.0.2\n"))
    first, last = build_pools_once(changes)
    assert isinstance(first, AddService)
    assert first.options.scheduler == "none"
    assert len(first.destinations) == 2
    assert isinstance(last, EditService)
    assert last.options.scheduler == "mh"


@given(tables(), tables())
def test_steps_make_the_change(actual: Table, desired: Table) -> None:
    table = actual
    for change in diff(actual, desired):
        parts = steps(change)
        assert len(parts) == count_steps(change)
        table = applied(table, [change])
        assert applied(actual, parts) == applied(actual, [change])
        actual = table


def test_a_deleted_service_returns_with_its_destinations() -> None:
    (key, service), *_ = rules("-A -f 1\n-a -f 1 -r 10.0.0.1\n").services.items()
    assert applied(Table({}), inverse(DeleteService(key, service))).services == {key: service}
    assert Service(service.options, service.destinations) == service


@pytest.mark.parametrize(
    ("role", "wanted", "present", "fits"),
    [
        (DaemonRole.MASTER, 0, 1472, True),
        (DaemonRole.MASTER, 1400, 1400, True),
        (DaemonRole.MASTER, 1400, 1300, False),
        # The kernel cuts it to the MTU's 1500 less IPv4's or IPv6's headers.
        (DaemonRole.MASTER, 9000, 1472, True),
        (DaemonRole.MASTER, 9000, 1452, True),
        # A backup must hold a message of any master.
        (DaemonRole.BACKUP, 200, 1024, True),
        (DaemonRole.BACKUP, 200, 1025, False),
    ],
)
def test_a_message_length_is_the_kernels_to_clamp(
    role: DaemonRole, wanted: int, present: int, *, fits: bool
) -> None:
    actual = Table({}, daemons={role: Daemon("eth0", max_length=present)})
    desired = Table({}, daemons={role: Daemon("eth0", max_length=wanted)})
    assert (diff_daemons(actual, desired) == ()) is fits
