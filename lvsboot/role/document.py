"""A role file's bytes to a document: plain values, and what YAML allows and a role does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role.aliases import Aliases
from lvsboot.role.composer import (
    MAX_BYTES,
    MAX_FINDINGS,
    MAX_VALUES,
    Composer,
    LimitError,
    Path,
)
from lvsboot.role.messages import Hint, shortened

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
    "source_line",
    "source_lines",
]

NOT_YAML = "this is not YAML"
# What nobody sees, or what shows a line otherwise than it is read: control characters, which YAML
# partly allows, marks of writing direction, invisible spaces, and line breaks that editors do not
# count. https://trojansource.codes has what can be done with them.
_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)

# libyaml compares each directive with all before it: a file full of them takes it minutes.
_DIRECTIVE = re.compile(r"^%(YAML|TAG)\b", re.MULTILINE)
_BREAKS = re.compile("[\x85\u2028\u2029]")
# What is not in c-printable: YAML 1.2.2, section 5.1. Libraries differ in it.
_REFUSED = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem keyed by path; role/source_positions.py finds its line.

    `at_key` points at the last key of the path, not at its value. `conflicts_with` is the path of
    the value that this one contradicts. `depends_on` are paths that must be valid for the finding
    to be true, such as the list in which something is missing.
    """

    path: Path
    message: str
    hint: Hint = ""
    at_key: bool = False
    severity: Severity = Severity.ERROR
    conflicts_with: Path | None = None
    depends_on: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and its plain value (dict, list, str, int, float, bool, None).

    `findings` are what YAML allows and a role file does not, such as a key that stands twice;
    role/source_positions.py finds where the others stand. `merged` are the paths of mappings with
    a merge key: what they lack may be what it was to bring.
    """

    file: str
    text: str
    value: Any
    findings: tuple[tuple[Span, Finding], ...]
    aliases: Aliases = field(default_factory=dict)
    merged: frozenset[Path] = frozenset()


def path_text(path: Path) -> str:
    """`('director', 'services', 0)` as `director.services[0]`; a long key is shortened."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step:
            word = shortened(step)
            text += f".{word}" if text else word
    return text


def parse_document(raw: bytes, file: str) -> Document:
    """The document in `raw`; raises InputError where there is none: not UTF-8, empty, not YAML."""
    text = _decode(raw, file)
    if refused := _REFUSED.search(text):
        message = f"U+{ord(refused[0]):04X} is a character that YAML refuses"
        raise _no_document(_span_at(text, refused.start()), message, text, file)
    unseen = tuple(_unseen(text))
    # libyaml would count lines that no editor counts.
    text = _BREAKS.sub("\N{REPLACEMENT CHARACTER}", text)
    if directive := _DIRECTIVE.search(text):
        span = _span_at(text, directive.start())._replace(length=len(directive[0]))
        raise _no_document(span, "directives have no meaning in a role file", text, file)
    try:
        composer = Composer(text)
        value = composer.document()
    except yaml.YAMLError as error:
        limit = _limit_before(error, text)
        if limit is not None:
            raise _no_document(limit.span, limit.message, text, file) from error
        raise InputError([_syntax_problem(error, text, file)]) from error
    except LimitError as limit:
        raise _no_document(limit.span, limit.message, text, file) from limit
    if value is None and not composer.refusals:
        raise InputError(
            [Problem(file, Span(1), "the file is empty", hint="begin with version: 1")]
        )
    refusals = ((it.span, Finding(it.path, it.message, it.hint)) for it in composer.refusals)
    findings = (*unseen, *refusals)
    return Document(file, text, value, findings, composer.aliases, frozenset(composer.merged))


def _no_document(span: Span, message: str, text: str, file: str) -> InputError:
    return InputError([Problem(file, span, message, source=source_line(text, span))])


def _span_at(text: str, index: int) -> Span:
    line_start = text.rfind("\n", 0, index) + 1
    return Span(text.count("\n", 0, index) + 1, index - line_start + 1, 1)


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        # How many more nobody has read.
        message = f"the file has more than {MAX_BYTES:,} bytes, which a role file has at most"
        raise InputError([Problem(file, Span(1), message)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        span = Span(before.count(b"\n") + 1, column)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise InputError([Problem(file, span, message, hint="save the file as UTF-8")]) from error
    return text


def _unseen(text: str) -> Iterator[tuple[Span, Finding]]:
    line, line_start, at = 1, 0, 0
    for match in islice(_UNSEEN.finditer(text), MAX_FINDINGS):
        start = match.start()
        # From the one before on: to count from the text's start would take its square.
        line += text.count("\n", at, start)
        line_start = text.rfind("\n", at, start) + 1 or line_start
        at = start
        span = Span(line, start - line_start + 1, 1)
        message = f"U+{ord(match[0]):04X} is not seen, or shows the text otherwise than it is read"
        yield span, Finding((), message, "delete it")


def _limit_before(error: yaml.YAMLError, text: str) -> LimitError | None:
    """The limit of ours that the text breaks before the place where the library gave up.

    A scanner reads ahead: it may meet a limit of its own, as PyYAML 6.0.4's of 1,000 levels,
    before it has told of what stands before it.
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    try:
        Composer(text[: error.problem_mark.index]).document()
    except LimitError as limit:
        return limit
    except yaml.YAMLError:
        return None
    return None


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    marks: list[yaml.Mark | None] = []
    words: list[str | None] = [str(error)]
    if isinstance(error, yaml.MarkedYAMLError):
        marks, words = [error.problem_mark, error.context_mark], [error.problem, error.context]
    end = len(text.rstrip())
    # What is found missing at the text's end began before it.
    spans = [Span(it.line + 1, it.column + 1, 1) for it in marks if it and it.index < end]
    span = spans[0] if spans else _last_place(text)
    source = source_line(text, span)
    what = " ".join(filter(None, words))
    message = f"{NOT_YAML}: {what}" if what else NOT_YAML
    hint = "indent with spaces, not tabs" if "\t" in source else ""
    return Problem(file, span, message, hint=hint, source=source)


def _last_place(text: str) -> Span:
    lines = text.rstrip().split("\n")
    return Span(len(lines), max(1, len(lines[-1])), 1)


def source_line(text: str, span: Span) -> str:
    """The line of the text in which a span begins, without its end."""
    return source_lines(text, {span.line}).get(span.line, "")


def source_lines(text: str, numbers: Set[int]) -> dict[int, str]:
    """The lines with these numbers, without their ends; no others are cut out of the text."""
    lines = {}
    number, start = 1, 0
    for wanted in sorted(numbers):
        while number < wanted and (end := text.find("\n", start)) >= 0:
            number, start = number + 1, end + 1
        if number < wanted:
            break
        end = text.find("\n", start)
        lines[number] = text[start : end if end >= 0 else None].rstrip("\r")
    return lines
