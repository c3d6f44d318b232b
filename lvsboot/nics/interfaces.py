"""Reads ifupdown's files: interfaces(5). Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

# Each begins a stanza, and ends the one before it.
_STANZAS = {"iface", "mapping", "auto", "rename", "source", "source-directory", "no-auto-down"}
_NAME_IN_DIRECTORY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Line(NamedTuple):
    """A logical line: its number, its words, and its text as it begins in the file."""

    number: int
    words: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Stanza:
    """`iface NAME FAMILY METHOD` and the lines below it."""

    head: Line
    options: tuple[Line, ...]

    @property
    def name(self) -> str:
        """Without what makes it an alias: eth0:1 is on eth0."""
        return self.head.words[1].partition(":")[0]

    @property
    def method(self) -> str:
        return self.head.words[3] if len(self.head.words) > 3 else ""

    @property
    def does_nothing(self) -> bool:
        return self.method == "manual" and not self.options


@dataclass(frozen=True, slots=True)
class Interfaces:
    """What one file says; `started` are the patterns of `auto` and `allow-*` lines."""

    stanzas: tuple[Stanza, ...]
    started: tuple[str, ...]
    sources: tuple[Line, ...]

    def starts(self, name: str) -> bool:
        """Whether a boot, or the NIC's appearance, brings it up."""
        return any(fnmatchcase(name, pattern.lstrip("/")) for pattern in self.started)


def parse_interfaces(text: str) -> Interfaces:
    """Never fails: what ifupdown would refuse is passed over."""
    stanzas: list[Stanza] = []
    started: list[str] = []
    sources: list[Line] = []
    options: list[Line] | None = None
    for line in _lines(text):
        word = line.words[0]
        if word not in _STANZAS and not word.startswith("allow-"):
            if options is not None:
                options.append(line)
                stanzas[-1] = Stanza(stanzas[-1].head, tuple(options))
            continue
        options = None
        if word == "iface" and len(line.words) > 1:
            options = []
            stanzas.append(Stanza(line, ()))
        elif word == "auto" or word.startswith("allow-"):
            started += line.words[1:]
        elif word in {"source", "source-directory"} and len(line.words) > 1:
            sources.append(line)
    return Interfaces(tuple(stanzas), tuple(started), tuple(sources))


def source_pattern(line: Line, directory: str) -> str:
    """The absolute pattern of the files that a `source` line names; `directory` is its file's."""
    pattern = line.words[1]
    pattern = pattern if pattern.startswith("/") else f"{directory}/{pattern}"
    return f"{pattern.rstrip('/')}/*" if line.words[0] == "source-directory" else pattern


def is_sourced(line: Line, name: str) -> bool:
    """Whether a file of this name is read: a source-directory line passes over most others."""
    if line.words[0] == "source-directory":
        return bool(name) and set(name) <= _NAME_IN_DIRECTORY
    # A shell's * does not match a leading dot.
    return not name.startswith(".")


def _lines(text: str) -> Iterator[Line]:
    """Comments take a whole line, and a backslash at its end continues one."""
    number, begun, source = 0, 0, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        if not source and raw.lstrip().startswith("#"):
            continue
        begun = begun if source else number
        if raw.endswith("\\"):
            source += raw[:-1] + " "
            continue
        source += raw
        if words := tuple(source.split()):
            yield Line(begun, words, source)
        source = ""
    if words := tuple(source.split()):
        yield Line(begun or number, words, source)
