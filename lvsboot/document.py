"""YAML text to plain values with their places. Knows YAML 1.2's scalars, not what a role means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from lvsboot.complaints import Hint, shortened, shown
from lvsboot.errors import InputError
from lvsboot.problem import Problem, Severity, Span

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the root."""

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
_MAX_DIGITS = 100
# More than a person mends in one go; a hostile file could hold a million.
MAX_FINDINGS = 1_000
NOT_YAML = "this is not YAML"
_WRITE_OUT = "write the value out"

# The core schema of YAML 1.2.2, section 10.3.2: `no`, `on` and 22:22 are words there, 052 is 52.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# What a plain scalar that is more than a word begins with; an empty one is null.
_NOT_A_WORD = frozenset("0123456789-+.~nNtTfF")
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

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def new_parser(text: str) -> Any:  # noqa: ANN401 - PyYAML has no types for it
    """The parser of libyaml where PyYAML has it; to be disposed of."""
    return _Loader(text)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem keyed by path, before it has a place in the text.

    `at_key` points at the key that leads to the path, not at its value; `twin` is the path of what
    it contradicts. `given` are paths that must have been understood for the finding to be true, as
    the list in which something is missed.
    """

    path: Path
    message: str
    hint: Hint = ""
    at_key: bool = False
    severity: Severity = Severity.ERROR
    twin: Path | None = None
    given: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and its plain value (dict, list, str, int, float, bool, None).

    `findings` are what YAML allows and a role file does not, such as a key that stands twice;
    places.py finds where the others stand.
    """

    file: str
    text: str
    value: Any
    findings: tuple[tuple[Span, Finding], ...]


def path_text(path: Path) -> str:
    """`('director', 'services', 0)` as `director.services[0]`; a long key is shortened."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            word = shortened(step)
            text += f".{word}" if text else word
    return text


def parse_document(raw: bytes, file: str) -> Document:
    """The document in `raw`; raises InputError where there is none: not UTF-8, empty, not YAML."""
    text = _decode(raw, file)
    unseen = tuple(_unseen(text))
    # libyaml would count lines that no editor counts.
    text = _BREAKS.sub("\N{REPLACEMENT CHARACTER}", text)
    if directive := _DIRECTIVE.search(text):
        span = Span(text.count("\n", 0, directive.start()) + 1, 1, len(directive[0]))
        message = "directives have no meaning in a role file"
        raise InputError([Problem(file, span, message, source=source_line(text, span))])
    composer = _Composer(text)
    try:
        value = composer.document()
    except yaml.reader.ReaderError as error:
        raise InputError([_character_problem(error, text, file)]) from error
    except yaml.MarkedYAMLError as error:
        problem = _limit_problem(error, text, file) or _syntax_problem(error, text, file)
        raise InputError([problem]) from error
    except _LimitError as error:
        problem = Problem(file, error.span, error.message, source=source_line(text, error.span))
        raise InputError([problem]) from error
    if value is None and not composer.findings:
        raise InputError(
            [Problem(file, Span(1), "the file is empty", hint="begin with version: 1")]
        )
    return Document(file, text, value, (*unseen, *composer.findings))


def _decode(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        message = f"the file has {len(raw):,} bytes; a role file has at most {MAX_BYTES:,}"
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
    line, line_start = 1, 0
    for match in islice(_UNSEEN.finditer(text), MAX_FINDINGS):
        start = match.start()
        # From the one before on: to count from the text's start would take its square.
        line += text.count("\n", line_start, start)
        line_start = max(line_start, text.rfind("\n", line_start, start) + 1)
        span = Span(line, start - line_start + 1, 1)
        message = f"U+{ord(match[0]):04X} is not seen, or shows the text otherwise than it is read"
        yield span, Finding((), message, "delete it")


def _character_problem(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    # Its position counts bytes in libyaml and characters in Python; it stops at the first.
    character = chr(error.character)
    before = text.partition(character)[0]
    span = Span(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, 1)
    message = f"U+{ord(character):04X} is a character that YAML refuses"
    return Problem(file, span, message, source=source_line(text, span))


def _limit_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem | None:
    """The limit of ours that the text breaks before the place where the library gave up.

    A scanner reads ahead: it may meet a limit of its own, as PyYAML 6.0.4's of 1,000 levels,
    before it has told of what stands before it.
    """
    if error.problem_mark is None:
        return None
    try:
        _Composer(text[: error.problem_mark.index]).document()
    except _LimitError as limit:
        source = source_line(text, limit.span)
        return Problem(file, limit.span, limit.message, source=source)
    except yaml.YAMLError:
        return None
    return None


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    end = len(text.rstrip())
    # What is found missing at the text's end began before it.
    marks = [mark for mark in (error.problem_mark, error.context_mark) if mark and mark.index < end]
    span = Span(marks[0].line + 1, marks[0].column + 1, 1) if marks else _last_place(text)
    source = source_line(text, span)
    what = " ".join(filter(None, (error.problem, error.context)))
    message = f"{NOT_YAML}: {what}" if what else NOT_YAML
    hint = "indent with spaces, not tabs" if "\t" in source else ""
    return Problem(file, span, message, hint=hint, source=source)


def _last_place(text: str) -> Span:
    lines = text.rstrip().split("\n")
    return Span(len(lines), max(1, len(lines[-1])), 1)


class _LimitError(Exception):
    """The text is more than a role file can be; nothing after this place was looked at."""

    def __init__(self, span: Span, message: str) -> None:
        self.span = span
        self.message = message
        super().__init__(message)


class _Composer:
    """Builds values from the parser's events.

    From events, since PyYAML's own composer follows nesting with the C stack, which a hostile
    file overflows, and says neither which scalars carried a tag nor which were aliases.
    """

    def __init__(self, text: str) -> None:
        self.findings: list[tuple[Span, Finding]] = []
        self._parser = new_parser(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._count = 0
        self._path: list[str | int] = []

    def document(self) -> Any:  # noqa: ANN401 - whatever the file holds
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
            raise _LimitError(
                event_span(event), "a second document begins here: a role file has one"
            )
        return value

    def _value(self, event: Any) -> Any:  # noqa: ANN401
        self._count += 1
        if self._count > MAX_VALUES:
            raise _LimitError(event_span(event), f"the file has more than {MAX_VALUES:,} values")
        if event.anchor is not None:
            what = "aliases" if isinstance(event, yaml.AliasEvent) else "anchors"
            self._refuse(event, f"{what} have no meaning in a role file", _WRITE_OUT)
            if isinstance(event, yaml.AliasEvent):
                return None
        if event.tag is not None and event.tag != "!":
            self._refuse(
                event,
                f"tags ({shortened(event.tag)}) have no meaning in a role file",
                "take it away",
            )
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(self._path) >= MAX_DEPTH:
            raise _LimitError(
                event_span(event), f"lists and mappings are nested more than {MAX_DEPTH} deep"
            )
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence()
        return self._mapping()

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
            value = self._value(self._next())
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
        """The key's text; None for a list or a mapping, which YAML allows there."""
        self._path[-1] = ""
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                self._value(event)  # refuses it
            return str(event.value)
        self._refuse(event, "a key must be a word", "without brackets")
        self._value(event)
        return None

    def _refuse(self, event: Any, message: str, hint: str) -> None:  # noqa: ANN401
        self.findings.append((event_span(event), Finding(tuple(self._path), message, hint)))
        if len(self.findings) > MAX_FINDINGS:
            raise _LimitError(event_span(event), "there are too many problems to go on reading")


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


def event_span(event: Any) -> Span:  # noqa: ANN401 - PyYAML has no types for them
    """A collection is pointed at by its first character, a scalar by the whole of its line."""
    start, end = event.start_mark, event.end_mark
    is_word = isinstance(event, yaml.ScalarEvent) and start.line == end.line
    return Span(start.line + 1, start.column + 1, end.column - start.column if is_word else 1)


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
