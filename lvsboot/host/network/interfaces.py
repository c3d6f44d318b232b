"""Reads ifupdown's files: interfaces(5). Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lvsboot.host.network.globs import matches_glob

# Each begins a stanza, and ends the one before it.
_STANZAS = {
    "iface", "mapping", "auto", "rename", "source", "source-directory", "no-auto-down",
    "no-scripts",
}  # fmt: skip
_NAME_IN_DIRECTORY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Line(NamedTuple):
    """A logical line: its number, its words, and its text as it begins in the file."""

    number: int
    words: tuple[str, ...]
    source: str


class Stanza(NamedTuple):
    """`iface NAME FAMILY METHOD` and the lines below it."""

    head: Line
    options: tuple[Line, ...]

    @property
    def full_name(self) -> str:
        return self.head.words[1]

    @property
    def name(self) -> str:
        """Without what makes it an alias: eth0:1 is on eth0."""
        return self.full_name.partition(":")[0]

    @property
    def method(self) -> str:
        return self.head.words[3] if len(self.head.words) > 3 else ""

    @property
    def inherited(self) -> str | None:
        """The stanza whose lines it takes over."""
        words = self.head.words[2:-1]
        return self.head.words[words.index("inherits") + 3] if "inherits" in words else None

    @property
    def does_nothing(self) -> bool:
        """Whether applying it has no effect."""
        return self.method == "manual" and not self.options and self.inherited is None


class Start(NamedTuple):
    """A word of an `auto` or `allow-*` line: `[VARIABLE]/VALUE[/OPTIONS][=LOGICAL]`, or a name.

    `logical` is the name of the stanzas to use instead of the interface's own, or empty.
    """

    variable: str
    pattern: str
    logical: str

    @property
    def is_name(self) -> bool:
        return self.variable == "name" and not set(self.pattern) & set("*?[")

    def is_for(self, name: str, mac: str | None) -> bool:
        """Whether it starts the interface `name`; True where it depends on the hardware."""
        if self.variable == "name":
            return matches_glob(name, self.pattern)
        if self.variable in {"mac", "address"} and mac is not None:
            return matches_glob(mac, self.pattern.lower())
        return True


class Interfaces(NamedTuple):
    """One file's contents."""

    stanzas: tuple[Stanza, ...]
    started: tuple[Start, ...]
    sources: tuple[Line, ...]
    mappings: tuple[Line, ...]


class Starts:
    """The interfaces that a boot brings up, by all files together."""

    def __init__(self, started: Iterable[Start]) -> None:
        # Most are plain names; a file may hold thousands.
        self._names = {"lo"}
        self._patterns: list[Start] = []
        self._renamed: list[Start] = []
        for start in dict.fromkeys(started):
            if start.logical:
                self._renamed.append(start)
            elif start.is_name:
                self._names.add(start.pattern)
            else:
                self._patterns.append(start)

    def starts(self, name: str, mac: str | None = None) -> bool:
        """Whether a boot, or the NIC's appearance, brings it up as itself; lo always comes up."""
        return name in self._names or any(pattern.is_for(name, mac) for pattern in self._patterns)

    def logical_names(self, name: str, mac: str | None = None) -> set[str]:
        """The stanzas that are applied to `name`, or to an alias of it, under other names."""
        return {
            start.logical
            for start in self._renamed
            if start.is_for(name, mac) or start.pattern.startswith(f"{name}:")
        }


def parse_interfaces(text: str) -> Interfaces:
    """Never fails: lines that ifupdown refuses are ignored."""
    heads: list[tuple[Line, list[Line]]] = []
    started: list[Start] = []
    sources: list[Line] = []
    mappings: list[Line] = []
    options: list[Line] | None = None
    for line in _lines(text):
        word = line.words[0]
        if word not in _STANZAS and not word.startswith("allow-"):
            if options is not None:
                options.append(line)
            continue
        options = None
        if word == "iface" and len(line.words) > 1:
            options = []
            heads.append((line, options))
        elif word == "auto" or word.startswith("allow-"):
            started += map(_start, line.words[1:])
        elif word == "mapping" and len(line.words) > 1:
            mappings.append(line)
        elif word in {"source", "source-directory"} and len(line.words) > 1:
            sources.append(line)
    stanzas = tuple(Stanza(head, tuple(lines)) for head, lines in heads)
    return Interfaces(stanzas, tuple(started), tuple(sources), tuple(mappings))


def _start(word: str) -> Start:
    pattern, _, logical = word.partition("=")
    if "/" not in pattern:
        return Start("name", pattern, logical)
    variable, value = pattern.split("/")[:2]
    return Start(variable or "name", value, logical)


def source_pattern(line: Line, directory: str) -> str:
    """The absolute pattern of the files that a `source` line names; `directory` is its file's."""
    pattern = line.words[1]
    pattern = pattern if pattern.startswith("/") else f"{directory}/{pattern}"
    return f"{pattern.rstrip('/')}/*" if line.words[0] == "source-directory" else pattern


def is_sourced(line: Line, name: str) -> bool:
    """Whether a file of this name is read: source-directory ignores most others."""
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
