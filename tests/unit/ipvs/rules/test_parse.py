"""A whole text of rules: every problem, and where a rule is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.errors import InputError
from lvsboot.ipvs.rules import locate_rules, parse_rules
from lvsboot.ipvs.table import DestinationKey, Protocol, Table
from tests.unit.ipvs.rules.reading import ADD, RIP, WEB, parse, port_of, problems


def test_a_ports_name_is_looked_up_once() -> None:
    asked = []

    def count(name: str, protocol: Protocol) -> int | None:
        asked.append((name, protocol))
        return port_of(name, protocol)

    lines = "".join(f"-a -t 192.0.2.1:http -r 10.0.0.{last}:http\n" for last in range(9))
    parse_rules(f"-A -t 192.0.2.1:http\n{lines}", file="rules", port_of=count)
    assert asked == [("http", Protocol.TCP)]


def test_of_a_thousand_problems_no_more_are_looked_for() -> None:
    found = problems("x\n" * 1500)
    assert found[-2:] == [
        "1000:1: the line does not start with a command such as -A or -a",
        "1000:2: these are the first 1,000 problems: there may be more",
    ]
    assert len(problems("x\n" * 999)) == 999


@pytest.mark.long
def test_more_lines_than_any_role_has_are_not_read() -> None:
    text = "\n" * 500_001
    assert problems(text) == ["500001:1: the file has 500,001 lines; rules have at most 500,000"]
    assert parse(text[1:]) == Table({})


def test_every_problem_is_found_and_no_consequence_is_one() -> None:
    text = "-A -t x:80\n-a -t 192.0.2.1:80 -r 10.0.0.1\n-a -f 1 -r 10.0.0.1 -w x\n"
    assert [problem.partition(":")[0] for problem in problems(text)] == ["1", "3"]


@pytest.mark.parametrize("lines", [1, 2000])
def test_another_programs_file_is_one_problem(lines: int) -> None:
    text = "! Configuration File\n" + "virtual_server 192.0.2.1 80 {\n}\n" * lines
    assert problems(text) == ["2:1: this is a configuration of keepalived, not rules"]


@given(
    st.text(
        alphabet="-AaEeDdtufprgimwxy6:.[]0123456789 \t\r\n=,#_\N{ROMAN NUMERAL ONE}\0", max_size=80
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except InputError as error:
        assert error.problems


def test_a_rule_is_found_again() -> None:
    text = f"{ADD}-a -t 192.0.2.1:80 -r 10.0.0.11\n\n-e -t 192.0.2.1:80 -r 10.0.0.11:80 -w 3\n"
    rules = [(WEB, None), (WEB, DestinationKey(RIP, 80))]
    assert locate_rules(text, rules, port_of=port_of) == {rules[0]: 1, rules[1]: 4}
