"""Refuses a cloud-config that is too large or too deep with its aliases written out. Pure.

Looked for in the parser's events: to compose nodes, to make values of them and to write these
recurses, and a merge key or a text is written out at each alias.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Span
from lvsboot.role.composer import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Loader
from lvsboot.role.source_text import source_line


class _Size(NamedTuple):
    """Of a value: itself and those in it, the characters in all, and the collections in a row."""

    values: int = 1
    characters: int = 0
    height: int = 0


def check_size(text: str, file: str) -> None:
    """InputError with the line where the text exceeds a role file's limits; yaml.YAMLError."""
    meter = _Meter()
    event: Any  # PyYAML has no types for their marks
    for event in yaml.parse(text, Loader=Loader):
        if message := meter.excess(event):
            mark = event.start_mark
            span = Span(mark.line + 1, mark.column + 1)
            hint = "write less of it, or in a part of its own"
            raise InputError([Problem(file, span, message, "", hint, source_line(text, span))])


class _Meter:
    def __init__(self) -> None:
        self._total = _Size(0)
        self._open: list[tuple[str | None, _Size]] = []  # anchors, and the total before each
        self._heights: list[int] = []
        self._anchors: dict[str, _Size] = {}

    def excess(self, event: Any) -> str | None:  # noqa: ANN401
        """Which limit the text exceeds with this event."""
        match event:
            case yaml.CollectionStartEvent():
                self._open.append((event.anchor, self._total))
                self._heights.append(0)
                self._add(_Size())
            case yaml.CollectionEndEvent():
                self._close()
            case yaml.ScalarEvent():
                size = _Size(1, len(event.value))
                self._add(size)
                if event.anchor is not None:
                    self._anchors[event.anchor] = size
            case yaml.AliasEvent():
                # One that is inside of its own value repeats nothing: it is written as an alias.
                self._add(self._anchors.get(str(event.anchor), _Size()))
        if len(self._open) + (self._heights[-1] if self._heights else 0) > MAX_DEPTH:
            return f"lists and mappings are nested more than {MAX_DEPTH} deep"
        if self._total.values > MAX_VALUES:
            return f"with its aliases written out the file has more than {MAX_VALUES:,} values"
        if self._total.characters > MAX_BYTES:
            return f"with its aliases written out the file has more than {MAX_BYTES:,} characters"
        return None

    def _add(self, size: _Size) -> None:
        values, characters, _height = self._total
        self._total = _Size(values + size.values, characters + size.characters)
        if self._heights:
            self._heights[-1] = max(self._heights[-1], size.height)

    def _close(self) -> None:
        anchor, before = self._open.pop()
        height = self._heights.pop() + 1
        if self._heights:
            self._heights[-1] = max(self._heights[-1], height)
        if anchor is not None:
            values = self._total.values - before.values
            characters = self._total.characters - before.characters
            self._anchors[anchor] = _Size(values, characters, height)
