"""Where in its text each finding of a document stands. Judges nothing.

The text is parsed a second time, and only where there is something to show: keeping the place of
every value would double what a sound role costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import yaml

from lvsboot.complaints import hint_text
from lvsboot.document import (
    Document,
    Finding,
    Path,
    event_span,
    new_parser,
    path_text,
    source_lines,
)
from lvsboot.problem import Place, Problem, Span


class _Spot(NamedTuple):
    """The places of a value and of the key that leads to it; a list's entry has no key."""

    key: Span | None
    value: Span


def place_findings(document: Document, findings: Iterable[Finding]) -> list[Problem]:
    """The document's own findings and `findings`, each with its line, column and excerpt."""
    findings = tuple(findings)
    spots = _find_spots(document.text, findings)
    placed = list(document.findings)
    placed += [(_span(finding, spots), finding) for finding in findings]
    lines = source_lines(document.text, {span.line for span, _finding in placed})
    return [
        Problem(
            file=document.file,
            span=span,
            where=path_text(finding.path),
            message=finding.message,
            hint=hint_text(finding.hint),
            source=lines.get(span.line, ""),
            severity=finding.severity,
            twin=_twin(finding, spots),
        )
        for span, finding in placed
    ]


def _twin(finding: Finding, spots: dict[Path, _Spot]) -> Place | None:
    if finding.twin is None:
        return None
    return Place(_nearest(finding.twin, spots).value, path_text(finding.twin))


def _span(finding: Finding, spots: dict[Path, _Spot]) -> Span:
    spot = _nearest(finding.path, spots)
    return spot.key if finding.at_key and spot.key is not None else spot.value


def _nearest(path: Path, spots: dict[Path, _Spot]) -> _Spot:
    """The place of the path, or of what is nearest above it where it ends early."""
    while path not in spots:
        path = path[:-1]
    return spots[path]


def _find_spots(text: str, findings: tuple[Finding, ...]) -> dict[Path, _Spot]:
    wanted: set[Path] = {()}
    for finding in findings:
        for path in (finding.path, finding.twin or ()):
            wanted.update(path[:length] for length in range(len(path) + 1))
    if not findings:
        return {}
    parser = new_parser(text)
    try:
        return _Finder(parser, wanted).spots
    finally:
        parser.dispose()


class _Finder:
    """Walks the events of a text that parsed once already, so that nothing can be wrong with it."""

    def __init__(self, parser: Any, wanted: set[Path]) -> None:  # noqa: ANN401
        self.spots: dict[Path, _Spot] = {}
        self._next = parser.get_event
        self._wanted = wanted
        self._next()  # the stream's start
        self._next()  # the document's
        self._visit(self._next(), (), None)

    def _visit(self, event: Any, path: Path, key: Span | None) -> None:  # noqa: ANN401
        if path not in self._wanted:
            self._skip(event)
            return
        # A key that stands twice is meant by its first place: that is the value that was read.
        self.spots.setdefault(path, _Spot(key, event_span(event)))
        match event:
            case yaml.SequenceStartEvent():
                self._visit_items(path)
            case yaml.MappingStartEvent():
                self._visit_keys(path)

    def _visit_items(self, path: Path) -> None:
        index = 0
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            self._visit(event, (*path, index), None)
            index += 1

    def _visit_keys(self, path: Path) -> None:
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent):
                self._visit(self._next(), (*path, event.value), event_span(event))
            else:
                self._skip(event)
                self._skip(self._next())

    def _skip(self, event: Any) -> None:  # noqa: ANN401
        """Reads past the value that begins with `event`."""
        depth = 0
        while True:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if not depth:
                return
            event = self._next()
