"""The language of sysctl.d: bytes to assignments, and names to paths below /proc/sys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lvsboot.system.sysctl.globs import is_glob, is_known_glob

# LONG_LINE_MAX: systemd-sysctl reads a file no further than to a longer line.
MAX_LINE = 1024 * 1024
_BLANK = " \t\r"
_DOTS_AND_SLASHES = str.maketrans("./", "/.")


class Assignment(NamedTuple):
    """One line: `key` is a path below /proc/sys, or a glob of such paths.

    `spelled` is the path as procps has it, which does not simplify it. `value` is None for a `-key`
    line, which only excludes the key from globs.
    """

    file: str
    line: int
    key: str
    spelled: str
    value: str | None

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


class Unread(NamedTuple):
    """What could not be read or understood; line 0 is the whole file."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line} {self.reason}" if self.line else f"{self.file} {self.reason}"
        )


def parse_key(text: str) -> str:
    """The path below /proc/sys that a name stands for, as systemd-sysctl has it.

    If the first separator is a dot, dots separate the parts and a slash is a dot within a name.
    """
    return "/".join(part for part in _with_slashes(text).split("/") if part not in {"", "."})


def dotted(key: str) -> str:
    """A path below /proc/sys as a person writes it."""
    return key.translate(_DOTS_AND_SLASHES)


def parse_settings(file: str, settings: Iterable[tuple[str, str]]) -> Iterator[Assignment]:
    """Assignments of names and values that come from no file; lines count from 1."""
    for number, (name, value) in enumerate(settings, start=1):
        yield Assignment(file, number, parse_key(name), _with_slashes(name), value)


def parse_sysctl(file: str, content: bytes) -> Iterator[Assignment | Unread]:
    """Each line that is no comment, in the file's order.

    A line that systemd-sysctl and procps read differently is Unread.
    """
    for number, raw in enumerate(content.split(b"\n"), start=1):
        found = _parse_line(raw)
        match found:
            case None:
                continue
            case str():
                yield Unread(file, number, found)
            case (key, spelled, value):
                yield Assignment(file, number, key, spelled, value)


def _parse_line(raw: bytes) -> str | tuple[str, str, str | None] | None:
    """An assignment's parts; the reason where it is not understood, None for a comment."""
    if len(raw) >= MAX_LINE:
        return "is longer than systemd-sysctl reads"
    text = raw.decode("utf-8", "surrogateescape").strip(_BLANK)
    # For systemd-sysctl both end a line; for procps a NUL ends the file.
    if "\r" in text or "\0" in text:
        return "has a carriage return or a NUL inside"
    if not text or text[0] in "#;":
        return None
    if not text.isprintable() and not text.replace("\t", " ").isprintable():
        return "has a control character, or bytes that are not UTF-8"
    return _parse_assignment(text)


def _parse_assignment(text: str) -> str | tuple[str, str, str | None]:
    name, equals, value = text.partition("=")
    has_dash = name.startswith("-")
    if not equals and not has_dash:
        return "is no assignment"
    name = name.removeprefix("-") if has_dash else name
    if name.strip(_BLANK).startswith("-"):
        # procps drops it and sets the parameter; to systemd-sysctl it is part of the name.
        return "has a second dash before the name"
    # procps leaves the blanks after the dash.
    spelled = _with_slashes(name.rstrip(_BLANK))
    key = parse_key(name.strip(_BLANK))
    if not key:
        return "names no parameter"
    if ".." in key.split("/"):
        return "has '..' in a parameter's name"
    if is_glob(key) and not is_known_glob(key):
        return "has a pattern that lvsboot does not know"
    return key, spelled, value.strip(_BLANK) if equals else None


def _with_slashes(name: str) -> str:
    first = min((at for at in (name.find("."), name.find("/")) if at >= 0), default=-1)
    return name.translate(_DOTS_AND_SLASHES) if first >= 0 and name[first] == "." else name
