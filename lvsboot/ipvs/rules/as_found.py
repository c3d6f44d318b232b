"""Existing files of rules to the table that ipvsadm made of them, for `import`. Must not do I/O.

Such files have more than `ipvsadm -R` reads: comments, which Debian's init script drops, shell
commands, and lines that the kernel refuses, after which ipvsadm goes on. The service reads none of
that (parse.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lvsboot.errors import InputError
from lvsboot.ipvs.address import format_endpoint
from lvsboot.ipvs.rules.builders import PortOf
from lvsboot.ipvs.rules.command import LONGEST_LINE, DestinationCommand, Verb, parse_command
from lvsboot.ipvs.rules.fast_parser import FastParser, Pool
from lvsboot.ipvs.rules.interpreter import Interpreter
from lvsboot.ipvs.rules.options import CommandError, RefusedError
from lvsboot.ipvs.rules.other_formats import recognise
from lvsboot.ipvs.rules.parse import (
    MAX_PROBLEMS,
    check_size,
    more_problems,
    rule_problem,
    split_parts,
)
from lvsboot.ipvs.rules.shell import DecidesError, Shell, calls_ipvsadm, program
from lvsboot.ipvs.rules.shell_words import is_plain
from lvsboot.ipvs.table import Table
from lvsboot.problem import Problem, Span

# Further ones are only counted.
MAX_REMARKS = 1_000
# Characters of a line in a remark.
_SHOWN = 160
# Lines that backslashes join.
_MOST_JOINED = 64
_BLANKS = " \t\r"
_WORD = re.compile(f"[^{_BLANKS}]+")
# What stands before the options where a script calls ipvsadm.
_CALL = re.compile(r"^[ \t]*(?:sudo[ \t]+)?(?:[^ \t\n]*/)?ipvsadm[ \t]+(?=-)", re.MULTILINE)
_COMMENT = re.compile(r"(?:^|[ \t])#")
_SHOWING = re.compile(r"-[LlSh]\w*|--(?:list|save|help|version)")
_RESTORING = re.compile(r"-R\w*|--restore")


class RulesAsFound(NamedTuple):
    """A table, and a sentence on each line that had no effect, or another than it says."""

    table: Table
    remarks: tuple[str, ...]


def parse_rules_as_found(text: str, *, file: str, port_of: PortOf) -> RulesAsFound:
    """Raises InputError for what ipvsadm could not have read, and for other programs' files."""
    other = recognise(text)
    if other is not None:
        message = f"this is {other.name}, not rules"
        raise InputError([Problem(file, Span(other.line), message, hint=other.hint)])
    check_size(text, file)
    reader = _Reader(file, cache(port_of))
    reader.read(text.removeprefix("\N{BYTE ORDER MARK}"))
    return reader.result()


class _Reader:
    def __init__(self, file: str, port_of: PortOf) -> None:
        self._file = file
        self._port_of = port_of
        self._shell = Shell()
        self._shortcut = FastParser(port_of)
        self._replay = Interpreter()
        self._problems: list[Problem] = []
        self._remarks: list[tuple[int, str]] = []
        self._remark_count = 0
        # Lines without rules: usual in a script, errors in a file of rules.
        self._others: list[tuple[int, str]] = []
        self._assignments: list[tuple[int, str]] = []
        self._is_script = False
        # The line whose `exit` ends the script; 0 if none does, and once that is reported.
        self._end = 0

    def read(self, text: str) -> None:
        lines = text.split("\n")
        self._is_script = _CALL.search(text) is not None
        if "\\" in text:  # Joined lines may be of two services.
            self._read_lines(1, lines)
            return
        rules = _CALL.sub("", text)
        for first, part in split_parts(rules):
            # The shortcut would take "$SCHEDULER" for a scheduler's name.
            is_plain_part = self._shell.runs_next_line and is_plain(part)
            pool = self._shortcut.read(part) if is_plain_part else None
            if pool is None or not _has_one_port(part, pool) or not self._replay.add_service(*pool):
                self._read_lines(first, lines[first - 1 : first + part.count("\n")])

    def _read_lines(self, first: int, lines: list[str]) -> None:
        for number, line in _logical_lines(first, lines):
            try:
                self._read_line(number, line)
            except CommandError as error:
                self._problem(number, line, error)
                if isinstance(error, DecidesError):
                    raise InputError(self._problems) from error

    def result(self) -> RulesAsFound:
        self._report_others()
        if self._problems:
            raise InputError(self._problems)
        remarks = [remark for _number, remark in sorted(self._remarks)]
        if self._remark_count > MAX_REMARKS:
            remarks.append(f"{self._remark_count - MAX_REMARKS:,} more lines have remarks")
        return RulesAsFound(self._replay.table(), tuple(remarks))

    def _report_others(self) -> None:
        if self._is_script:
            for number, line in self._others:
                self._remark(number, "passed over, since it is not ipvsadm's", line)
            return
        for number, line in sorted(self._others + self._assignments):
            message = "the line does not start with a command such as -A or -a"
            self._problem(number, line, CommandError(message))

    def _problem(self, number: int, line: str, error: CommandError) -> None:
        self._problems.append(rule_problem(self._file, number, line, error))
        if len(self._problems) == MAX_PROBLEMS:
            raise InputError([*self._problems, more_problems(self._file, number, line)]) from error

    def _read_line(self, number: int, line: str) -> None:
        head = _COMMENT.split(line, maxsplit=1)[0]
        if not head.strip(_BLANKS) or self._shell.is_here_text(head):
            return
        if self._shell.is_over:
            self._remark_end(number, line)
            return
        command = self._plain_command(head) if self._shell.runs_next_line else None
        if command is not None:
            self._run(number, line, command)
        elif len(line) > LONGEST_LINE:
            raise CommandError(f"the line is longer than {LONGEST_LINE:,} characters")
        else:
            self._read_in_shell(number, head if is_plain(head) else line)

    def _plain_command(self, line: str) -> str | None:
        """The line with blanks for the word ipvsadm; None where it is more than one command."""
        if not is_plain(line):
            return None
        first = _first_word(line)
        if calls_ipvsadm([first]):
            self._is_script = True
            line = line.replace(first, " " * len(first), 1)
        return line if line.lstrip(_BLANKS)[:1] in {"", "-"} else None

    def _read_in_shell(self, number: int, line: str) -> None:
        has_rules = has_others = False
        for words in self._shell.commands(line):
            if calls_ipvsadm(words) or words[0].startswith("-"):
                has_rules = True
                self._is_script |= calls_ipvsadm(words)
                self._run_in_shell(number, line, words)
            elif program(words) == "ipvsadm-restore":
                self._is_script = has_rules = True
                self._remark_restore(number, line)
            else:
                has_others = True
        if self._shell.is_over:
            self._end = number
        if not has_rules:
            (self._others if has_others else self._assignments).append((number, line))

    def _run_in_shell(self, number: int, line: str, words: list[str]) -> None:
        """As _run(), but without columns: the command's words are not at theirs in the line."""
        try:
            self._run(number, line, " ".join(words[calls_ipvsadm(words) :]))
        except CommandError as error:
            raise CommandError(error.message, hint=error.hint) from error

    def _run(self, number: int, line: str, text: str) -> None:
        verb = _first_word(text)
        if _SHOWING.fullmatch(verb):
            self._shell.succeeded = True
            return
        if _RESTORING.fullmatch(verb):
            self._remark_restore(number, line)
            return
        try:
            command = parse_command(text, self._port_of)
            if command is not None:
                self._replay.run(command)
        except RefusedError as error:
            self._shell.succeeded = False
            self._remark(number, f"passed over, as the kernel refuses it: {error}", line)
            return
        self._shell.succeeded = True
        if isinstance(command, DestinationCommand):
            self._remark_port(number, line, command)

    def _remark_end(self, number: int, line: str) -> None:
        if self._end:
            message = f"passed over, as is all after it: the script ends in line {self._end}"
            self._remark(number, message, line)
            self._end = 0

    def _remark_restore(self, number: int, line: str) -> None:
        if "<<" in line:  # Its rules are the here-document.
            self._shell.here_is_rules = True
        else:
            self._remark(number, "passed over: the rules that it loads are not in this file", line)

    def _remark_port(self, number: int, line: str, command: DestinationCommand) -> None:
        if command.verb is not Verb.DELETE and command.said_port != command.key.port:
            where = format_endpoint(command.key.address, command.said_port)
            message = f"{where} is port {command.key.port}, the service's: only nat has another"
            self._remark(number, message, line)

    def _remark(self, number: int, message: str, line: str) -> None:
        self._remark_count += 1
        if self._remark_count <= MAX_REMARKS:
            shown = line.strip()
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            self._remarks.append((number, f"{self._file}:{number}: {message}: {shown}"))


def _first_word(line: str) -> str:
    """Empty if there is none. Not by str.split(), which has more blanks than ipvsadm."""
    word = _WORD.search(line)
    return "" if word is None else word[0]


def _has_one_port(part: str, pool: Pool) -> bool:
    """Whether all ports are the service's, so that no port needs a remark."""
    return part.count(f":{pool.key.port} ") == 1 + 2 * len(pool.destinations)


def _logical_lines(start: int, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a backslash at the end joins the next one, as in a shell."""
    first = start
    parts: list[str] = []
    for number, line in enumerate(lines, start=start):
        first = first if parts else number
        if line.endswith("\\") and len(parts) < _MOST_JOINED:
            parts.append(line[:-1])
            continue
        yield first, "".join([*parts, line])
        parts = []
    if parts:
        yield first, "".join(parts)
