"""A YAML parser's events to plain values, and the places of those that are asked for.

From events, since PyYAML's own composer follows nesting with the C stack, which a hostile file
overflows, and says neither which scalars carried a tag nor which were aliases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from lvsboot.problem import Span
from lvsboot.role.messages import did_you_mean, shortened, shown

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the root."""

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
# What 44,000 real servers take, each with a weight, and some more: whatever a file of this size is
# hard for, it is checked within ten seconds and one gigabyte.
MAX_VALUES = 250_000
_MAX_DIGITS = 100
# More than a person mends in one go; a hostile file could hold a million.
MAX_FINDINGS = 1_000
_EXPANDED = "with what its aliases stand for the file has more than"

# The core schema of YAML 1.2.2, section 10.3.2: `no`, `on` and 22:22 are words there, 052 is 52.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# What a plain scalar that is more than a word begins with; an empty one is null.
_NOT_A_WORD = frozenset("0123456789-+.~nNtTfF")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LimitError(Exception):
    """The text is more than a role file can be; nothing after this place was looked at."""

    def __init__(self, span: Span, message: str) -> None:
        self.span = span
        self.message = message
        super().__init__(message)


class Spot(NamedTuple):
    """The places of a value and of the key that leads to it; a list's entry has no key."""

    key: Span | None
    value: Span


class Refusal(NamedTuple):
    """What YAML allows and a role file does not."""

    span: Span
    path: Path
    message: str
    hint: str


@dataclass(slots=True)
class _Anchor:
    """A value that aliases repeat, and what each costs; not `is_whole` until it has been read."""

    path: Path
    line: int
    value: Any = None
    values: int = 0
    characters: int = 0
    height: int = 0
    is_whole: bool = False


class Composer:
    """Reads one document; `wanted` are the paths whose places are noted in `spots`.

    A value that aliases repeat is one object. `aliases` tells for the path of each alias the path
    at which its anchor stands, `merged` which mappings have a merge key.
    """

    def __init__(self, text: str, wanted: Set[Path] = frozenset()) -> None:
        self.refusals: list[Refusal] = []
        self.spots: dict[Path, Spot] = {}
        self.aliases: dict[Path, Path] = {}
        self.merged: set[Path] = set()
        self._wanted = wanted
        self._parser = _Loader(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._values = 0
        self._characters = 0
        self._deepest = 0
        self._path: list[str | int] = []
        self._anchors: dict[str, _Anchor] = {}

    def document(self) -> Any:  # noqa: ANN401 - whatever the file holds
        """The value; raises LimitError, yaml.YAMLError."""
        try:
            return self._document()
        finally:
            self._parser.dispose()

    def _document(self) -> Any:  # noqa: ANN401
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._value(self._next())
        self._next()  # the document's end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise LimitError(_span(event), "a second document begins here: a role file has one")
        return value

    def _value(self, event: Any, key: Any = None) -> Any:  # noqa: ANN401
        self._values += 1
        if self._values > MAX_VALUES:
            raise LimitError(_span(event), f"the file has more than {MAX_VALUES:,} values")
        if self._wanted and (path := tuple(self._path)) in self._wanted:
            # A key that stands twice is meant by its first place: that is the value that was read.
            self.spots.setdefault(path, Spot(None if key is None else _span(key), _span(event)))
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
                self._refuse(event, f"{shown(key)} stands here a second time", first)
            else:
                values[key] = value
                lines[key] = event.start_mark.line + 1
        self._path.pop()
        return values

    def _key(self, event: Any) -> str | None:  # noqa: ANN401
        """The key's text; None for what YAML allows there and a role file does not."""
        self._path[-1] = ""
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias is no key", "write the key out")
            return None
        if not isinstance(event, yaml.ScalarEvent):
            self._refuse(event, "a key must be a word", "without brackets")
            self._value(event)
            return None
        self._path[-1] = event.value
        if event.anchor is not None:
            self._refuse(event, "a key has no anchor, only its value", "behind the colon")
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
        """The value, from now on known by its anchor's name."""
        if event.anchor in self._anchors:
            first = f"the first is in line {self._anchors[event.anchor].line}"
            name = shortened(event.anchor)
            self._refuse(event, f"the anchor &{name} stands here a second time", first)
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
        """What the alias stands for, counted as if it were written out: nothing is copied."""
        anchor, name = self._anchors.get(event.anchor), shortened(event.anchor)
        if anchor is None:
            hint = did_you_mean(name, self._anchors) or "write it out"
            self._refuse(event, f"there is no anchor &{name} before this alias", hint)
            return None
        if not anchor.is_whole:
            self._refuse(event, f"*{name} stands inside of what &{name} names", "write it out")
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
        self._refuse(event, message, "take it away")

    def _refuse(
        self,
        event: Any,  # noqa: ANN401
        message: str,
        hint: str,
        path: Path | None = None,
    ) -> None:
        path = tuple(self._path) if path is None else path
        self.refusals.append(Refusal(_span(event), path, message, hint))
        if len(self.refusals) > MAX_FINDINGS:
            raise LimitError(_span(event), "there are too many problems to go on reading")


def _too_deep(event: Any) -> LimitError:  # noqa: ANN401
    return LimitError(_span(event), f"lists and mappings are nested more than {MAX_DEPTH} deep")


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    is_plain, _is_untagged_text = event.implicit
    if not is_plain or (text and text[0] not in _NOT_A_WORD):
        return text
    # Python converts no more than some thousand digits; what is longer is no number to anybody.
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
    """A collection is pointed at by its first character, a scalar by the whole of its line."""
    start, end = event.start_mark, event.end_mark
    is_word = isinstance(event, yaml.NodeEvent) and start.line == end.line
    is_word = is_word and not isinstance(event, yaml.CollectionStartEvent)
    return Span(start.line + 1, start.column + 1, end.column - start.column if is_word else 1)
