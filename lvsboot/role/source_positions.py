"""Where in its text each finding of a document stands. Judges nothing.

The text is composed a second time, and only where there is something to show: keeping the place
of every value would double what a sound role costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lvsboot.problem import Place, Problem, Span
from lvsboot.role.aliases import Aliases, written
from lvsboot.role.composer import Composer, Spot
from lvsboot.role.document import Document, Finding, Path, path_text, source_lines
from lvsboot.role.messages import hint_text

_Spots = Mapping[Path, Spot]


def place_findings(document: Document, findings: Iterable[Finding]) -> list[Problem]:
    """The document's own findings and `findings`, each with its line, column and excerpt.

    What is wrong with a value that aliases repeat is placed where that was written; where it is
    wrong only as it is repeated, the alias is named beside it.
    """
    found = [_as_written(finding, document.aliases) for finding in findings]
    spots = _find_spots(document.text, found)
    placed = list(document.findings)
    placed += [(_span(finding, spots), finding) for finding in found]
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
            conflicts_with=_conflict(finding, spots),
        )
        for span, finding in placed
    ]


def _as_written(finding: Finding, aliases: Aliases) -> Finding:
    """The same with the paths at which its values stand in the text."""
    if not aliases:
        return finding
    path, through = written(finding.path, aliases, at_key=finding.at_key)
    if finding.conflicts_with is None:
        return replace(finding, path=path, conflicts_with=through)
    conflicts_with = written(finding.conflicts_with, aliases).path
    if through is not None and (
        through == finding.path or conflicts_with == path[: len(conflicts_with)]
    ):
        path = through  # the alias contradicts the conflicts_with, not what it repeats
    return replace(finding, path=path, conflicts_with=conflicts_with)


def _conflict(finding: Finding, spots: _Spots) -> Place | None:
    if finding.conflicts_with is None:
        return None
    return Place(_nearest(finding.conflicts_with, spots).value, path_text(finding.conflicts_with))


def _span(finding: Finding, spots: _Spots) -> Span:
    spot = _nearest(finding.path, spots)
    return spot.key if finding.at_key and spot.key is not None else spot.value


def _nearest(path: Path, spots: _Spots) -> Spot:
    """The place of the path, or of what is nearest above it where it ends early."""
    while path not in spots:
        path = path[:-1]
    return spots[path]


def _find_spots(text: str, findings: list[Finding]) -> _Spots:
    wanted: set[Path] = {()}
    for finding in findings:
        for path in (finding.path, finding.conflicts_with or ()):
            wanted.update(path[:length] for length in range(len(path) + 1))
    if not findings:
        return {}
    composer = Composer(text, wanted)
    composer.document()
    return composer.spots
