"""A YAML parser's events to plain values, and the source positions of some of them.

PyYAML's own composer is recursive C, so that a deeply nested file overflows its stack; and it
reports neither which scalars had a tag nor which values are aliases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from lvsboot.problem import Span
from lvsboot.role.finding import Finding, Path
from lvsboot.role.messages import did_you_mean, shortened, shown

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
# Enough for 44,000 real servers with weights: the slowest file of this size is checked within ten
# seconds and one gigabyte.
MAX_VALUES = 250_000
_MAX_DIGITS = 100
# More than a person fixes in one go; a hostile file could hold a million.
MAX_FINDINGS = 1_000
_EXPANDED = "with its aliases written out the file has more than"

# The core schema of YAML 1.2.2, section 10.3.2: `no`, `on` and 22:22 are words there, 052 is 52.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# What a plain scalar that is more than a word begins with; an empty one is null.
_NOT_A_WORD = frozenset("0123456789-+.~nNtTfF")

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LimitError(Exception):
    """The text exceeds a limit; nothing behind this position was read."""

    def __init__(self, span: Span, message: str) -> None:
        self.span = span
        self.message = message
        super().__init__(message)


class SourcePosition(NamedTuple):
    """The spans of a value and of the key that leads to it; a list's entry has no key."""

    key: Span | None
    value: Span


@dataclass(slots=True)
class _Anchor:
    """A value with an anchor, and its size, which counts once more for each alias."""

    path: Path
    line: int
    value: Any = None
    values: int = 0
    characters: int = 0
    height: int = 0
    is_whole: bool = False


class Composer:
    """Reads one document; `positions` are those of the `wanted` paths.

    `findings` are what YAML allows and a role file does not. A value that aliases repeat is one
    object; `aliases` maps the path of each alias to that of its anchor. `merged` are the paths of
    mappings with a merge key.
    """

    def __init__(self, text: str, wanted: Set[Path] = frozenset()) -> None:
        self.findings: list[tuple[Span, Finding]] = []
        self.positions: dict[Path, SourcePosition] = {}
        self.aliases: dict[Path, Path] = {}
        self.merged: set[Path] = set()
        self._wanted = wanted
        self._parser = Loader(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._values = 0
        self._characters = 0
        self._deepest = 0
        self._path: list[str | int] = []
        self._anchors: dict[str, _Anchor] = {}

    def document(self) -> Any:  # noqa: ANN401 - whatever the file holds
        """The value; raises LimitError, yaml.YAMLError."""
        try:
            self._next()  # the stream's start
            if isinstance(self._next(), yaml.StreamEndEvent):
                return None
            value = self._value(self._next())
            self._next()  # the document's end
            event = self._next()
        finally:
            self._parser.dispose()
        if not isinstance(event, yaml.StreamEndEvent):
            raise LimitError(_span(event), "a second document begins here: a role file has one")
        return value

    def _value(self, event: Any, key: Any = None) -> Any:  # noqa: ANN401
        self._values += 1
        if self._values > MAX_VALUES:
            raise LimitError(_span(event), f"the file has more than {MAX_VALUES:,} values")
        if self._wanted and (path := tuple(self._path)) in self._wanted:
            # Of a duplicate key the first value is the one that was read.
            position = SourcePosition(None if key is None else _span(key), _span(event))
            self.positions.setdefault(path, position)
        if event.anchor is None:
            return self._content(event)
        return self._repeated(event) if type(event) is yaml.AliasEvent else self._anchored(event)

    def _content(self, event: Any) -> Any:  # noqa: ANN401
        if event.tag is not None:
            self._refuse_tag(event)
        if isinstance(event, yaml.ScalarEvent):
            self._characters += len(event.value)
            return _scalar(event)
        depth = len(self._path) + 1
        if depth > MAX_DEPTH:
            raise _too_deep(event)
        self._deepest = max(self._deepest, depth)
        return self._sequence() if isinstance(event, yaml.SequenceStartEvent) else self._mapping()

    def _sequence(self) -> list[Any]:
        values: list[Any] = []
        self._path.append(0)
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            self._path[-1] = len(values)
            values.append(self._value(event))
        self._path.pop()
        return values

    def _mapping(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        self._path.append("")
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event)
            self._path[-1] = key or ""
            value = self._value(self._next(), event)
            if key is None:
                continue
            if key in values:
                first = f"the first is in line {lines[key]}"
                self._refuse(event, f"{shown(key)} is here a second time", first)
            else:
                values[key] = value
                lines[key] = event.start_mark.line + 1
        self._path.pop()
        return values

    def _key(self, event: Any) -> str | None:  # noqa: ANN401
        """The key's text; None if YAML allows it as a key and a role file does not."""
        self._path[-1] = ""
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias cannot be a key", "write the key out")
            return None
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be a word", "without brackets")
            self._value(event)
            return None
        self._path[-1] = event.value
        if event.anchor is not None:
            self._refuse(event, "only a value can have an anchor", "write it after the colon")
        if event.tag is not None:
            self._refuse_tag(event)
        if event.value == "<<" and event.implicit[0]:
            path = tuple(self._path[:-1])
            self.merged.add(path)
            hint = "write the keys out: an alias repeats a whole value"
            self._refuse(event, "merge keys have no meaning in a role file", hint, path)
            return None
        return str(event.value)

    def _anchored(self, event: Any) -> Any:  # noqa: ANN401
        """The value, noted under its anchor's name."""
        if event.anchor in self._anchors:
            first = f"the first is in line {self._anchors[event.anchor].line}"
            name = shortened(event.anchor)
            self._refuse(event, f"the anchor &{name} is here a second time", first)
        anchor = _Anchor(tuple(self._path), event.start_mark.line + 1)
        self._anchors[event.anchor] = anchor
        values, characters, deepest = self._values, self._characters, self._deepest
        self._deepest = len(self._path)
        anchor.value = self._content(event)
        anchor.values = self._values - values
        anchor.characters = self._characters - characters
        anchor.height = self._deepest - len(self._path)
        anchor.is_whole = True
        self._deepest = max(deepest, self._deepest)
        return anchor.value

    def _repeated(self, event: Any) -> Any:  # noqa: ANN401
        """The anchor's value itself, not a copy, but counted as if it were written out."""
        anchor, name = self._anchors.get(event.anchor), shortened(event.anchor)
        if anchor is None:
            hint = did_you_mean(name, self._anchors) or "write it out"
            self._refuse(event, f"there is no anchor &{name} before this alias", hint)
            return None
        if not anchor.is_whole:
            self._refuse(
                event, f"*{name} is inside of the value that &{name} names", "write it out"
            )
            return None
        self._values += anchor.values
        self._characters += anchor.characters
        if self._values > MAX_VALUES:
            raise LimitError(_span(event), f"{_EXPANDED} {MAX_VALUES:,} values")
        if self._characters > MAX_BYTES:
            raise LimitError(_span(event), f"{_EXPANDED} {MAX_BYTES:,} characters")
        depth = len(self._path) + anchor.height
        if depth > MAX_DEPTH:
            raise _too_deep(event)
        self._deepest = max(self._deepest, depth)
        self.aliases[tuple(self._path)] = anchor.path
        return anchor.value

    def _refuse_tag(self, event: Any) -> None:  # noqa: ANN401
        message = f"tags ({shortened(event.tag)}) have no meaning in a role file"
        self._refuse(event, message, "remove it")

    def _refuse(
        self,
        event: Any,  # noqa: ANN401
        message: str,
        hint: str,
        path: Path | None = None,
    ) -> None:
        path = tuple(self._path) if path is None else path
        self.findings.append((_span(event), Finding(path, message, hint)))
        if len(self.findings) > MAX_FINDINGS:
            raise LimitError(_span(event), "there are too many problems to go on reading")


def _too_deep(event: Any) -> LimitError:  # noqa: ANN401
    return LimitError(_span(event), f"lists and mappings are nested more than {MAX_DEPTH} deep")


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    is_plain, _is_untagged_text = event.implicit
    if not is_plain or (text and text[0] not in _NOT_A_WORD):
        return text
    # Python refuses to convert more than some thousand digits: a longer number stays a text.
    if len(text) <= _MAX_DIGITS and _INT.fullmatch(text):
        if text.startswith("0o"):
            return int(text[2:], 8)
        return int(text, 16) if text.startswith("0x") else int(text)
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _span(event: Any) -> Span:  # noqa: ANN401 - PyYAML has no types for them
    """The first character of a collection, all of a scalar that is on one line."""
    start, end = event.start_mark, event.end_mark
    is_word = isinstance(event, yaml.NodeEvent) and start.line == end.line
    is_word = is_word and not isinstance(event, yaml.CollectionStartEvent)
    return Span(start.line + 1, start.column + 1, end.column - start.column if is_word else 1)
