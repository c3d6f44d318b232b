"""The language of sysctl.d: bytes to assignments, and names to paths below /proc/sys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lvsboot.system.sysctl.globs import is_glob, is_known_glob

# LONG_LINE_MAX: at a longer line systemd-sysctl gives the file up.
MAX_LINE = 1024 * 1024
_BLANK = " \t\r"
_DOTS_AND_SLASHES = str.maketrans("./", "/.")


class Assignment(NamedTuple):
    """One line: `key` is a path below /proc/sys, or a glob of such paths.

    `spelled` is the same path as procps has it, which does not simplify. `value` is None where
    the line only keeps globs off the key (`-key`).
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

    Where a dot comes first, dots part the words, and slashes are the dots of a name.
    """
    return "/".join(part for part in _with_slashes(text).split("/") if part not in {"", "."})


def dotted(key: str) -> str:
    """A path below /proc/sys as a person writes it."""
    return key.translate(_DOTS_AND_SLASHES)


def parse_settings(file: str, settings: Iterable[tuple[str, str]]) -> Iterator[Assignment]:
    """Names and values that were never a file's, in their order; lines count from 1."""
    for number, (name, value) in enumerate(settings, start=1):
        yield Assignment(file, number, parse_key(name), _with_slashes(name), value)


def parse_sysctl(file: str, content: bytes) -> Iterator[Assignment | Unread]:
    """Each line that says something, in the file's order.

    What systemd-sysctl and procps' sysctl read in two ways is not understood.
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
    """An assignment's parts; a reason where it is not understood, None where it says nothing."""
    if len(raw) >= MAX_LINE:
        return "is longer than systemd-sysctl reads"
    text = raw.decode("utf-8", "surrogateescape").strip(_BLANK)
    # To systemd-sysctl both end a line; to procps a NUL ends the text.
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
        # procps takes it off as well and sets the parameter; to systemd-sysctl it is of the name.
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
