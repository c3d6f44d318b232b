"""A role file's bytes to a document of plain values, and findings in it to problems with lines.

Positions are found by composing the text a second time, only where there are findings: noting the
position of every value would double the cost of a valid role.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Place, Problem, Span
from lvsboot.role.composer import (
    MAX_BYTES,
    MAX_FINDINGS,
    MAX_VALUES,
    Composer,
    LimitError,
    SourcePosition,
)
from lvsboot.role.finding import Aliases, Finding, Path, path_text, written
from lvsboot.role.messages import hint_text
from lvsboot.role.source_text import (
    decode_text,
    source_line,
    source_lines,
    span_at,
    syntax_problem,
)

__all__ = [
    "MAX_BYTES",
    "MAX_FINDINGS",
    "MAX_VALUES",
    "NOT_YAML",
    "Document",
    "Finding",
    "Path",
    "parse_document",
    "path_text",
    "place_findings",
]

NOT_YAML = "this is not YAML"
# Control characters, some of which YAML allows, marks of writing direction, invisible spaces, and
# line breaks that editors do not count: see https://trojansource.codes for attacks with them.
_INVISIBLE = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)

# libyaml compares each directive with all before it: a file full of them takes minutes.
_DIRECTIVE = re.compile(r"^%(YAML|TAG)\b", re.MULTILINE)
_BREAKS = re.compile("[\x85\u2028\u2029]")
# Characters outside c-printable (YAML 1.2.2, section 5.1): YAML libraries differ in them.
_REFUSED = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and its plain value (dict, list, str, int, float, bool, None).

    `findings` are what YAML allows and a role file does not, such as a duplicate key. `merged` are
    the paths of mappings with a merge key: a key that is missing there may be one of the merged.
    """

    file: str
    text: str
    value: Any
    findings: tuple[tuple[Span, Finding], ...]
    aliases: Aliases = field(default_factory=dict)
    merged: frozenset[Path] = frozenset()


def parse_document(raw: bytes, file: str) -> Document:
    """The document in `raw`; raises InputError where there is none: not UTF-8, empty, not YAML."""
    text = decode_text(raw, file, MAX_BYTES, "a role file")
    if refused := _REFUSED.search(text):
        message = f"U+{ord(refused[0]):04X} is a character that YAML refuses"
        raise _no_document(span_at(text, refused.start()), message, text, file)
    invisible = tuple(_invisible_characters(text))
    # libyaml would count lines that no editor counts.
    text = _BREAKS.sub("\N{REPLACEMENT CHARACTER}", text)
    if directive := _DIRECTIVE.search(text):
        span = span_at(text, directive.start())._replace(length=len(directive[0]))
        raise _no_document(span, "directives have no meaning in a role file", text, file)
    try:
        composer = Composer(text)
        value = composer.document()
    except yaml.YAMLError as error:
        limit = _limit_before(error, text)
        if limit is None:
            raise InputError([syntax_problem(error, text, file, NOT_YAML)]) from error
        raise _no_document(limit.span, limit.message, text, file) from error
    except LimitError as limit:
        raise _no_document(limit.span, limit.message, text, file) from limit
    if value is None and not composer.findings:
        raise InputError(
            [Problem(file, Span(1), "the file is empty", hint="begin with version: 1")]
        )
    findings = (*invisible, *composer.findings)
    return Document(file, text, value, findings, composer.aliases, frozenset(composer.merged))


def place_findings(document: Document, findings: Iterable[Finding]) -> list[Problem]:
    """The document's own findings and `findings`, each with its line, column and excerpt.

    A finding in a value that aliases repeat is shown where the value is written; where the value
    is wrong only at the alias, the alias is shown beside it.
    """
    found = [_as_written(finding, document.aliases) for finding in findings]
    positions = _find_positions(document.text, found)
    placed = [*document.findings, *((_span(finding, positions), finding) for finding in found)]
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
            conflicts_with=_conflict(finding, positions),
        )
        for span, finding in placed
    ]


def _as_written(finding: Finding, aliases: Aliases) -> Finding:
    """The same with the paths at which its values are written in the text."""
    if not aliases:
        return finding
    path, through = written(finding.path, aliases, at_key=finding.at_key)
    if finding.conflicts_with is None:
        return replace(finding, path=path, conflicts_with=through)
    other = written(finding.conflicts_with, aliases).path
    if through is not None and (through == finding.path or other == path[: len(other)]):
        path = through  # it is the alias that conflicts, not the value that it repeats
    return replace(finding, path=path, conflicts_with=other)


def _find_positions(text: str, findings: list[Finding]) -> Mapping[Path, SourcePosition]:
    if not findings:
        return {}
    wanted: set[Path] = set()
    for finding in findings:
        for path in (finding.path, finding.conflicts_with or ()):
            wanted.update(path[:length] for length in range(len(path) + 1))
    composer = Composer(text, wanted)
    composer.document()
    return composer.positions


def _span(finding: Finding, positions: Mapping[Path, SourcePosition]) -> Span:
    position = _nearest(finding.path, positions)
    return position.key if finding.at_key and position.key is not None else position.value


def _conflict(finding: Finding, positions: Mapping[Path, SourcePosition]) -> Place | None:
    path = finding.conflicts_with
    return None if path is None else Place(_nearest(path, positions).value, path_text(path))


def _nearest(path: Path, positions: Mapping[Path, SourcePosition]) -> SourcePosition:
    """The position of the path, or of its nearest ancestor that is in the text."""
    while path not in positions:
        path = path[:-1]
    return positions[path]


def _no_document(span: Span, message: str, text: str, file: str) -> InputError:
    return InputError([Problem(file, span, message, source=source_line(text, span))])


def _invisible_characters(text: str) -> Iterator[tuple[Span, Finding]]:
    line, line_start, at = 1, 0, 0
    for match in islice(_INVISIBLE.finditer(text), MAX_FINDINGS):
        start = match.start()
        # Counted from the match before: from the text's start it would take quadratic time.
        line += text.count("\n", at, start)
        line_start = text.rfind("\n", at, start) + 1 or line_start
        at = start
        span = Span(line, start - line_start + 1, 1)
        message = f"U+{ord(match[0]):04X} is invisible, or makes the text look like another one"
        yield span, Finding((), message, "delete it")


def _limit_before(error: yaml.YAMLError, text: str) -> LimitError | None:
    """Our own limit, if the text exceeds one before the position of the library's error.

    A scanner reads ahead: it may meet its own limit, such as the 1,000 levels of PyYAML 6.0.4,
    before it has emitted the events that exceed ours.
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    try:
        Composer(text[: error.problem_mark.index]).document()
    except LimitError as limit:
        return limit
    except yaml.YAMLError:
        pass
    return None
