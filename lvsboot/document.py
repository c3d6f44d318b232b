"""YAML text to plain values with their places. Knows YAML 1.2's scalars, not what a role means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Severity, Span

Path = tuple[str | int, ...]
"""Where a value stands: keys and list indices from the root."""

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 1_000_000

_STR_TAG = "tag:yaml.org,2002:str"
_UNTAGGED = {_STR_TAG, "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}

# The core schema of YAML 1.2.2, section 10.3.2: `no`, `on` and 22:22 are words there, 052 is 52.
_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Composes nodes only; with no implicit resolvers every untagged plain scalar stays a text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


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
    """A file's text, its plain value (dict, list, str, int, float, bool, None) and its nodes."""

    file: str
    text: str
    value: Any
    root: yaml.Node

    def problem(self, finding: Finding) -> Problem:
        """The finding with its line, column and excerpt."""
        node, key = _find(self.root, finding.path)
        shown = key if finding.at_key and key is not None else node
        span = _span(shown)
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
    """The document in `raw`; raises InputError with every problem that YAML itself has."""
    text = _decode(raw, file)
    root = _compose(text, file)
    construction = _Construction()
    value = construction.value(root, ())
    document = Document(file, text, value, root)
    if construction.findings:
        raise InputError([document.problem(finding) for finding in construction.findings])
    return document


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
    if not text.strip():
        raise InputError(
            [Problem(file, Span(1), "the file is empty", hint="begin with version: 1")]
        )
    return text


def _compose(text: str, file: str) -> yaml.Node:
    loader = _Loader(text)
    try:
        root: yaml.Node | None = loader.get_single_node()
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        span = Span(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1, 1)
        message = "a control character is not YAML"
        source = _line(text, span.line)
        raise InputError([Problem(file, span, message, source=source)]) from error
    except yaml.MarkedYAMLError as error:
        raise InputError([_syntax_problem(error, text, file)]) from error
    except RecursionError as error:
        raise InputError([Problem(file, Span(1), "values are nested too deeply")]) from error
    finally:
        loader.dispose()
    if root is None:
        message = "the file holds only comments"
        raise InputError([Problem(file, Span(1), message, hint="begin with version: 1")])
    return root


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    source = _line(text, line)
    what = error.problem or "this is not YAML"
    message = f"{what} ({error.context})" if error.context else what
    hint = "indent with spaces, not tabs" if "\t" in source else ""
    return Problem(file, Span(line, column, 1), message, hint=hint, source=source)


class _Construction:
    """Builds plain values from nodes, gathering what YAML allows and a role file does not."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._count = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401
        self._count += 1
        if self._refused(node, path):
            return None
        match node:
            case yaml.ScalarNode():
                return _scalar(node)
            case yaml.SequenceNode() | yaml.MappingNode():
                self._open.add(id(node))
                collection = (
                    self._mapping(node, path)
                    if isinstance(node, yaml.MappingNode)
                    else [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
                )
                self._open.discard(id(node))
                return collection
        raise AssertionError(node)

    def _refused(self, node: yaml.Node, path: Path) -> bool:
        message = ""
        if node.tag not in _UNTAGGED:
            message = f"tags ({node.tag}) have no meaning in a role file"
        elif id(node) in self._open:
            message = "an alias refers to what it stands in"
        elif len(path) > MAX_DEPTH:
            message = "values are nested too deeply"
        elif self._count > MAX_VALUES:
            # Said once: an alias bomb would otherwise be reported as often as it explodes.
            message = "" if self._count > MAX_VALUES + 1 else "aliases make the file too large"
            if not message:
                return True
        if message:
            self.findings.append(Finding(path, message))
        return bool(message)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.findings.append(Finding(path, "a key must be a word"))
                continue
            key = key_node.value
            if key in mapping:
                # The path leads to the first; the second is the one to take away.
                self.findings.append(
                    Finding(
                        (*path, key),
                        f"'{key}' stands here a second time",
                        at_key=True,
                        hint=f"the first is in line {first[key]}",
                    )
                )
                continue
            first[key] = key_node.start_mark.line + 1
            mapping[key] = self.value(value_node, (*path, key))
        return mapping


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    if node.style is not None and node.style != "":
        return text
    if _INT.fullmatch(text):
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


def _find(root: yaml.Node, path: Path) -> tuple[yaml.Node, yaml.Node | None]:
    """The node at `path` and the key that leads to it; the nearest ancestor where it ends."""
    node, key = root, None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            # The last of two equal keys: only a duplicate has two, and it is the later that is one.
            pairs = [pair for pair in node.value if pair[0].value == step]
            if not pairs:
                break
            key, node = pairs[-1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            key, node = None, node.value[step]
        else:
            break
    return node, key


def _span(node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    one_line = isinstance(node, yaml.ScalarNode) and start.line == end.line
    return Span(start.line + 1, start.column + 1, end.column - start.column if one_line else 1)


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number)
    return lines[number - 1].rstrip("\r") if number <= len(lines) else ""
