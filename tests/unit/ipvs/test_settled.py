"""What is known leaves less to do, and never anything else to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.ipvs.dumps import Shown, TableDecoder
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.settled import Known, Unsettled, known_next, read_wanted, set_aside
from lvsboot.ipvs.table import Service, ServiceKey, Table, VirtualAddress
from tests.unit.ipvs import tables as drawn
from tests.unit.ipvs.dumps import shown
from tests.unit.ipvs.rules.test_rules import port_of


def settle(text: str, rows: list[Shown], known: Known) -> Unsettled:
    wanted = read_wanted(text, known, file="rules", port_of=port_of)
    return set_aside(wanted, rows, file="rules", port_of=port_of)


def shown_services(table: Table) -> list[Shown]:
    return [shown(key, service) for key, service in table.services.items()]


def without_daemons(table: Table) -> Table:
    return table._replace(daemons={})


@given(drawn.tables())
def test_a_second_start_has_nothing_to_compare(table: Table) -> None:
    usual: dict[ServiceKey, Service] = {
        key: service
        for key, service in table.services.items()
        if isinstance(key, VirtualAddress)
        and key.port
        and all(len(where.address) == len(key.address) for where in service.destinations)
    }
    text = format_rules(Table(usual))
    first = settle(text, [], {})
    rows = shown_services(first.parsed.table)
    again = settle(text, rows, known_next(first))
    assert not again.parsed.table.services
    assert not again.shown
    assert known_next(again) == known_next(first)


@given(drawn.tables(), drawn.tables(), drawn.tables(), st.data())
def test_what_differs_is_all_that_is_left(
    before: Table, live: Table, after: Table, data: st.DataObject
) -> None:
    """From any rules that were known and any table to any rules: the rest is what differs."""
    mixed = {
        key: data.draw(st.sampled_from([live, after])).services.get(key, service)
        for key, service in {**live.services, **after.services}.items()
    }
    known = {
        **known_next(settle(format_rules(before), [], {})),
        **known_next(settle(format_rules(after), [], {})),
    }
    left = settle(format_rules(after), shown_services(Table(mixed)), known)
    actual = TableDecoder().decode(left.shown)
    wanted = left.parsed.table.services
    for key in mixed.keys() | after.services.keys():
        if mixed.get(key) == after.services.get(key):
            assert actual.get(key) == wanted.get(key)
        else:
            assert actual.get(key) == mixed.get(key)
            assert wanted.get(key) == after.services.get(key)
    assert left.parsed.table.timeouts == after.timeouts


@given(drawn.tables(), st.lists(st.integers(0, 40)), st.data())
def test_no_edit_of_the_text_is_missed(table: Table, order: list[int], data: st.DataObject) -> None:
    """Lines come again, are left out or move: the table or the refusal is that of the parser."""
    lines = format_rules(without_daemons(table)).splitlines()
    known = known_next(settle("\n".join(lines), [], {}))
    edited = [lines[index % len(lines)] for index in order] if lines else []
    more = ["-C", "-D -t 192.0.2.1:80", "-Z", "-A -t 192.0.2.1:80 -s rr", "nonsense", ""]
    for _ in range(data.draw(st.integers(0, 2))):
        edited.insert(data.draw(st.integers(0, len(edited))), data.draw(st.sampled_from(more)))
    for text in ("\n".join(lines + edited) + "\n", "\n".join(edited)):
        try:
            table = parse_rules(text, file="rules", port_of=port_of)
        except InputError as error:
            expected = error.problems
        else:
            left = settle(text, [], known)
            assert left.parsed.table == table
            continue
        try:
            read_wanted(text, known, file="rules", port_of=port_of)
        except InputError as error:
            assert error.problems == expected
        else:
            raise AssertionError(text)
