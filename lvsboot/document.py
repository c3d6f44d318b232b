"""YAML text to plain values with their places. Knows YAML 1.2's scalars, not what a role means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Severity, Span

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the root."""

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
_MAX_DIGITS = 100

# The core schema of YAML 1.2.2, section 10.3.2: `no`, `on` and 22:22 are words there, 052 is 52.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node(NamedTuple):
    """A value's place in the text; `keys` and `items` are those of a mapping or a list."""

    span: Span
    keys: Mapping[str, tuple[Span, Node]] = {}
    items: Sequence[Node] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem keyed by path, before it has a place in the text.

    `at_key` points at the key that leads to the path, not at its value.
    """

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text and its plain value (dict, list, str, int, float, bool, None).

    `findings` are what YAML allows and a role file does not, such as a key that stands twice.
    """

    file: str
    text: str
    value: Any
    node: Node
    findings: tuple[tuple[Span, Finding], ...]

    def problem(self, finding: Finding) -> Problem:
        """The finding with its line, column and excerpt."""
        return self._drawn(_find(self.node, finding), finding)

    def problems(self) -> list[Problem]:
        """The document's own findings, each with its place."""
        return [self._drawn(span, finding) for span, finding in self.findings]

    def _drawn(self, span: Span, finding: Finding) -> Problem:
        return Problem(
            file=self.file,
            span=span,
            where=path_text(finding.path),
            message=finding.message,
            hint=finding.hint,
            source=_line(self.text, span.line),
            severity=finding.severity,
        )


def path_text(path: Path) -> str:
    """`('director', 'services', 0)` as `director.services[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def parse_document(raw: bytes, file: str) -> Document:
    """The document in `raw`; raises InputError where there is none: not UTF-8, empty, not YAML."""
    text = _decode(raw, file)
    composer = _Composer(text)
    try:
        value, node = composer.document()
    except yaml.reader.ReaderError as error:
        raise InputError([_character_problem(error, text, file)]) from error
    except yaml.MarkedYAMLError as error:
        raise InputError([_syntax_problem(error, text, file)]) from error
    except _LimitError as error:
        span = error.span
        raise InputError(
            [Problem(file, span, error.message, source=_line(text, span.line))]
        ) from error
    if value is None and not composer.findings:
        raise InputError(
            [Problem(file, Span(1), "the file is empty", hint="begin with version: 1")]
        )
    return Document(file, text, value, node, tuple(composer.findings))


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


def _character_problem(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    # Its position counts bytes in libyaml and characters in Python; it stops at the first.
    character = chr(error.character)
    before = text.partition(character)[0]
    span = Span(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, 1)
    message = f"U+{ord(character):04X} is a character that YAML refuses"
    return Problem(file, span, message, source=_line(text, span.line))


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    source = _line(text, line)
    what = error.problem or "this is not YAML"
    message = f"{what} ({error.context})" if error.context else what
    hint = "indent with spaces, not tabs" if "\t" in source else ""
    return Problem(file, Span(line, column, 1), message, hint=hint, source=source)


class _LimitError(Exception):
    """The text is more than a role file can be; nothing after this place was looked at."""

    def __init__(self, span: Span, message: str) -> None:
        self.span = span
        self.message = message
        super().__init__(message)


class _Composer:
    """Builds values and their places from the parser's events.

    From events, since PyYAML's own composer follows nesting with the C stack, which a hostile
    file overflows, and says neither which scalars carried a tag nor which were aliases.
    """

    def __init__(self, text: str) -> None:
        self.findings: list[tuple[Span, Finding]] = []
        self._parser = _Loader(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._count = 0

    def document(self) -> tuple[Any, Node]:
        try:
            return self._document()
        finally:
            self._parser.dispose()

    def _document(self) -> tuple[Any, Node]:
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None, Node(Span(1))
        value, node = self._value(self._next(), ())
        self._next()  # the document's end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise _LimitError(_span(event), "a second document begins here: a role file has one")
        return value, node

    def _value(self, event: Any, path: Path) -> tuple[Any, Node]:  # noqa: ANN401
        self._check_limits(event, path)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, path, "aliases have no meaning in a role file")
            return None, Node(_span(event))
        if event.anchor is not None:
            self._refuse(event, path, "anchors have no meaning in a role file")
        if event.tag is not None and event.tag != "!":
            self._refuse(event, path, f"tags ({event.tag}) have no meaning in a role file")
        match event:
            case yaml.ScalarEvent():
                return _scalar(event), Node(_span(event))
            case yaml.SequenceStartEvent():
                return self._sequence(event, path)
            case _:
                return self._mapping(event, path)

    def _sequence(self, start: Any, path: Path) -> tuple[list[Any], Node]:  # noqa: ANN401
        values: list[Any] = []
        nodes: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            value, node = self._value(event, (*path, len(values)))
            values.append(value)
            nodes.append(node)
        return values, Node(_span(start), items=nodes)

    def _mapping(self, start: Any, path: Path) -> tuple[dict[str, Any], Node]:  # noqa: ANN401
        values: dict[str, Any] = {}
        nodes: dict[str, tuple[Span, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if key is None:
                self._refuse(event, path, "a key must be a word")
                self._value(event, path)
            key_span = _span(event)
            value, node = self._value(self._next(), (*path, key or ""))
            if key in nodes:
                first = f"the first is in line {nodes[key][0].line}"
                self._refuse(event, (*path, key), f"'{key}' stands here a second time", first)
            elif key is not None:
                values[key] = value
                nodes[key] = (key_span, node)
        return values, Node(_span(start), keys=nodes)

    def _check_limits(self, event: Any, path: Path) -> None:  # noqa: ANN401
        self._count += 1
        if len(path) > MAX_DEPTH:
            raise _LimitError(_span(event), f"values are nested more than {MAX_DEPTH} deep")
        if self._count > MAX_VALUES:
            raise _LimitError(_span(event), f"the file has more than {MAX_VALUES:,} values")

    def _refuse(self, event: Any, path: Path, message: str, hint: str = "") -> None:  # noqa: ANN401
        self.findings.append((_span(event), Finding(path, message, hint)))


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    is_plain, _is_untagged_text = event.implicit
    if not is_plain:
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


def _find(root: Node, finding: Finding) -> Span:
    """The place of the finding's value or key; of the nearest ancestor where its path ends."""
    node, key_span = root, None
    for step in finding.path:
        if isinstance(step, str) and step in node.keys:
            key_span, node = node.keys[step]
        elif isinstance(step, int) and step < len(node.items):
            key_span, node = None, node.items[step]
        else:
            break
    return key_span if finding.at_key and key_span is not None else node.span


def _span(event: Any) -> Span:  # noqa: ANN401
    """A collection is pointed at by its first character, a scalar by the whole of its line."""
    start, end = event.start_mark, event.end_mark
    is_word = isinstance(event, yaml.ScalarEvent) and start.line == end.line
    return Span(start.line + 1, start.column + 1, end.column - start.column if is_word else 1)


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number)
    return lines[number - 1].rstrip("\r") if number <= len(lines) else ""
