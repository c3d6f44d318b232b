"""Parses rules into the table that `ipvsadm -R` would make of them in an empty one.

ipvsadm stops at the first wrong line and leaves half a table loaded; here all wrong lines are
found before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import TypeAlias

from lvsboot.errors import InputError
from lvsboot.ipvs.rules.builders import PortOf
from lvsboot.ipvs.rules.command import (
    DestinationCommand,
    ServiceCommand,
    Verb,
    parse_command,
)
from lvsboot.ipvs.rules.fast_parser import FastParser
from lvsboot.ipvs.rules.interpreter import Interpreter, NoServiceError
from lvsboot.ipvs.rules.options import CommandError
from lvsboot.ipvs.table import DestinationKey, ServiceKey, Table
from lvsboot.problem import Problem, Span

# The same as for a role (document.MAX_FINDINGS).
MAX_PROBLEMS = 1_000
# Some 20 µs each, where the full parser must see them.
MAX_LINES = 500_000

# A rule: a service, or a destination of one.
RuleKey: TypeAlias = tuple[ServiceKey, DestinationKey | None]


def parse_rules(text: str, *, file: str, port_of: PortOf) -> Table:
    """The table that the rules describe.

    `port_of` looks a service's name up. Raises InputError with every problem of the text, up to
    MAX_PROBLEMS, but for those that follow from an earlier one.
    """
    check_size(text, file)
    # Every look-up reads /etc/services.
    port_of = cache(port_of)
    interpreter = Interpreter()
    fast_parser = FastParser(port_of)
    problems: list[Problem] = []
    for first, part in split_parts(text):
        pool = fast_parser.read(part)
        if pool is not None and interpreter.add_service(*pool):
            continue
        for number, line in enumerate(part.split("\n"), start=first):
            try:
                command = parse_command(line, port_of)
                if command is not None:
                    interpreter.run(command)
            except CommandError as error:
                if not (problems and isinstance(error, NoServiceError)):
                    problems.append(rule_problem(file, number, line, error))
                if len(problems) == MAX_PROBLEMS:
                    problems.append(more_problems(file, number, line))
                    raise InputError(_other_format(text, file) or problems) from error
    if problems:
        raise InputError(_other_format(text, file) or problems)
    return interpreter.table()


def _other_format(text: str, file: str) -> list[Problem]:
    """One problem where the text is another program's file, in place of one for each line."""
    from lvsboot.ipvs.rules.other_formats import recognise_text  # noqa: PLC0415 - for errors alone

    other = recognise_text(text)
    if other is None:
        return []
    return [Problem(file, Span(other.line), f"this is {other.name}, not rules", hint=other.hint)]


def split_parts(text: str) -> Iterator[tuple[int, str]]:
    """The text cut before each -A of a line, and the number of each part's first line."""
    number = 1
    for index, rest in enumerate(text.removesuffix("\n").split("\n-A ")):
        part = f"-A {rest}" if index else rest
        yield number, part
        number += part.count("\n") + 1


def locate_rules(text: str, rules: Collection[RuleKey], *, port_of: PortOf) -> dict[RuleKey, int]:
    """The last line that set each of the rules, for a text that parse_rules has accepted."""
    lines: dict[RuleKey, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        match parse_command(line, port_of):
            case ServiceCommand(Verb.ADD | Verb.EDIT, key, _):
                rule: RuleKey = (key, None)
            case DestinationCommand(Verb.ADD | Verb.EDIT, service, where, _):
                rule = (service, where)
            case _:
                continue
        if rule in rules:
            lines[rule] = number
    return lines


def check_size(text: str, file: str) -> None:
    """Raises InputError for a file that would take more than a few seconds to parse."""
    lines = text.count("\n")
    if lines > MAX_LINES:
        message = f"the file has {lines:,} lines; rules have at most {MAX_LINES:,}"
        raise InputError([Problem(file, Span(MAX_LINES + 1), message)])


def more_problems(file: str, number: int, line: str) -> Problem:
    """The problem after the last one that is shown, at the end of its line."""
    message = f"these are the first {MAX_PROBLEMS:,} problems: there may be more"
    return Problem(file, Span(number, len(line) + 1), message, hint="fix these first")


def rule_problem(file: str, number: int, line: str, error: CommandError) -> Problem:
    source = line.rstrip("\r")
    span = Span(number, 1, len(source))
    if error.word is not None:
        span = Span(number, error.word.column, len(error.word.text))
    return Problem(file, span, error.message, hint=error.hint, source=source)
