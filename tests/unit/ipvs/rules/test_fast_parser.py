"""The fast parser reads what the full one reads, and lets nothing wrong through."""

from __future__ import annotations

import pytest
from hypothesis import given

from lvsboot.ipvs.rules import format_rules
from lvsboot.ipvs.rules.command import parse_command
from lvsboot.ipvs.rules.interpreter import Interpreter
from lvsboot.ipvs.table import Table
from tests.unit.ipvs.rules.reading import WEB, parse, port_of, problems
from tests.unit.ipvs.tables import tables


@given(tables())
def test_the_shortcut_reads_what_the_parser_reads(table: Table) -> None:
    text = format_rules(table)
    interpreter = Interpreter()
    for line in text.splitlines():
        command = parse_command(line, port_of)
        assert command is not None
        interpreter.run(command)
    assert parse(text) == interpreter.table()


@pytest.mark.parametrize(
    "line",
    [
        "-a -t 192.0.2.1:80 -r 10.0.0.3:80_0 -g -w 1",
        "-a -t 192.0.2.1:80 -r [10.0.0.3]:80 -g -w 1",
        "-a -t 192.0.2.1:80 -r 10.0.0.3:80 -g -w 1 x",
        "-a -t 192.0.2.1:80 -r 10.0.0.3 :80 -g -w 1",
        f"-a -t 192.0.2.1:80 -r 10.0.0.3:{'8' * 5000} -g -w 1",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1",
        "-a -t 192.0.2.1:80 -r [::1]:80 -g -w 1",
        "-a -t 192.0.2.2:80 -r 10.0.0.3:80 -g -w 1",
        "-A -t 192.0.2.3:80 -s rr -o",
        "-A -t 192.0.2.1:80 -s rr",
        "-A -f 192.0.2.3:80 -s rr",
    ],
)
def test_the_shortcut_lets_nothing_wrong_through(line: str) -> None:
    learned = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n"
    assert len(problems(f"{learned}{line}\n")) == 1


def test_the_shortcut_takes_the_service_port_too() -> None:
    table = parse(
        "-A -t 192.0.2.1:80 -s rr\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -g -w 1\n"
        "-a -t 192.0.2.1:80 -r 10.0.0.3:8080 -g -w 1\n"
    )
    assert [key.port for key in table.services[WEB].destinations] == [80, 80]
