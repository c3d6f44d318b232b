"""The commands of docs/operations.md, and the output that it shows for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab.paths import REPO

PAGE = REPO / "docs" / "operations.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?P<host>\w+)# (?P<command>.+)")


@dataclass(frozen=True, slots=True)
class Step:
    """A command, the host that it is typed on, and lines of its output; `...` is anything."""

    host: str
    command: str
    expected: tuple[str, ...]

    def missing(self, said: str) -> list[str]:
        """The expected lines that are not in the output, in any order."""
        lines = [" ".join(line.split()) for line in said.splitlines()]
        return [line for line in self.expected if not any(map(_pattern(line).fullmatch, lines))]


def _pattern(line: str) -> re.Pattern[str]:
    """Of the line, whatever its columns' widths."""
    parts = " ".join(line.split()).split("...")
    return re.compile(".*".join(map(re.escape, parts)))


def read_steps(text: str) -> Iterator[Step]:
    for block in _BLOCK.findall(text):
        host, command, expected = "", "", list[str]()
        for line in block.splitlines():
            if match := _COMMAND.fullmatch(line):
                if command:
                    yield Step(host, command, tuple(expected))
                host, command, expected = match["host"], match["command"], []
            else:
                expected.append(line)
        yield Step(host, command, tuple(expected))
