"""Reads a person's own cloud-config, with the lines of its keys. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Span
from lvsboot.render.user_data.size import check_size
from lvsboot.render.user_data.text import yaml_text
from lvsboot.role.composer import MAX_FINDINGS, Loader
from lvsboot.role.finding import Path, path_text
from lvsboot.role.messages import shortened
from lvsboot.role.source_text import decode_text, source_lines, syntax_problem

MAX_BYTES = 1024 * 1024
HEADER = "#cloud-config"
_NOT_YAML = "this is not YAML that cloud-init reads"
_MERGE = "tag:yaml.org,2002:merge"
_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_MAX_DIGITS = 100
# What PyYAML raises of a value besides its own errors.
_UNREADABLE = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip
# cloudinit/handlers/__init__.py, INCLUSION_TYPES_MAP: what a text is by how it begins. The longer
# ones come first, as cloud-init compares them.
_OTHER_KINDS = {
    "#cloud-config-archive": "a cloud-config archive",
    "#cloud-config-jsonp": "a JSON patch",
    "#cloud-boothook": "a boothook",
    "#part-handler": "a part handler",
    "#include": "a list of URLs",
    "## template: jinja": "a Jinja template, which cloud-init would render with the role in it",
    "#!": "a script",
    "mime-version:": "a multi-part message",
    "content-type:": "a multi-part message",
}


@dataclass(frozen=True, slots=True)
class CloudConfig:
    """A file's value as cloud-init reads it (YAML 1.1), and its YAML nodes for their positions."""

    file: str
    text: str
    value: Mapping[Any, Any]
    node: yaml.MappingNode

    def problem(self, path: Path, message: str, hint: str) -> Problem:
        """A problem at `path`, or at what is nearest to it in the text; `error` adds its line."""
        return Problem(self.file, _span_of(self.node, path), message, path_text(path), hint)

    def error(self, problems: Iterable[Problem]) -> InputError | None:
        """The first MAX_FINDINGS problems with their lines; None where there are none."""
        first = list(islice(problems, MAX_FINDINGS + 1))
        return _error(first, self.text) if first else None


def parse_cloud_config(raw: bytes, file: str) -> CloudConfig:
    """InputError with the line where it is none, or where cloud-init would ignore a part of it."""
    text = decode_text(raw, file, MAX_BYTES, "a cloud-config")
    if refusal := _other_kind(text):
        message, hint = refusal
        raise InputError([Problem(file, Span(1), message, hint=hint, source=text.split("\n")[0])])
    try:
        check_size(text, file)
        parser = Loader(text)
        node = parser.get_single_node()
        if node is not None and (long := list(_long_numbers(node, file))):
            raise _error(long, text)
        repeated = [] if node is None else _repeated_keys(parser, node, file)
        value = None if node is None else parser.construct_document(node)
        yaml_text(value)  # what cannot be written is refused here
    except yaml.YAMLError as error:
        raise InputError([syntax_problem(error, text, file, _NOT_YAML)]) from error
    except _UNREADABLE as error:
        # A date such as 2026-13-01, or `!!int ""`: cloud-init, too, gives the file up.
        message = f"cloud-init cannot read this: {str(error).splitlines()[0]}"
        raise InputError([Problem(file, Span(1), message, hint="quote the value")]) from error
    if not isinstance(value, dict):
        what = "the cloud-config is empty" if value is None else "the cloud-config is no mapping"
        raise InputError([Problem(file, Span(1), what, hint="write keys and values below line 1")])
    if repeated:
        raise _error(repeated, text)
    return CloudConfig(file, text, value, node)


def _other_kind(text: str) -> tuple[str, str] | None:
    """What the text is instead, and how to fix it; None for a cloud-config."""
    begins = text[:4096].lstrip().lower()
    for prefix, kind in _OTHER_KINDS.items():
        if begins.startswith(prefix):
            return (
                f"this is no cloud-config, but {kind}",
                "hand both over as the parts of a multi-part message (cloud-init devel make-mime)",
            )
    if begins.split("\n")[0].split(" ")[0].rstrip() != HEADER:
        hint = f"write {HEADER} in line 1, without which cloud-init ignores the file"
        return f"a cloud-config begins with {HEADER}, and this file does not", hint
    return None


def _error(problems: list[Problem], text: str) -> InputError:
    """At most MAX_FINDINGS of them, and one that says so; those of one line share its text."""
    first = problems[:MAX_FINDINGS]
    if len(problems) > MAX_FINDINGS:
        more = f"these are the first {MAX_FINDINGS:,} errors: there may be more"
        first.append(Problem(first[0].file, Span(1), more, hint="fix these first"))
    lines = source_lines(text, {problem.span.line for problem in first})
    return InputError(
        [problem._replace(source=lines.get(problem.span.line, "")) for problem in first]
    )


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    """The node and all in it, in the order of the text; what aliases repeat comes once."""
    nodes, seen = [node], set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            nodes += reversed(node.value)
        if isinstance(node, yaml.MappingNode):
            for key, value in reversed(node.value):
                nodes += (value, key)


def _long_numbers(node: yaml.Node, file: str) -> Iterator[Problem]:
    """Numbers that take long to read, such as 1:1:1 with thousands of colons, in base 60."""
    for found in _nodes(node):
        if found.tag in _NUMBERS and len(found.value) > _MAX_DIGITS:
            message = f"this is a number to cloud-init, and has more than {_MAX_DIGITS} characters"
            yield Problem(file, _mark_span(found), message, hint="quote it, if it is a text")


def _repeated_keys(parser: Any, node: yaml.Node, file: str) -> list[Problem]:  # noqa: ANN401
    """PyYAML, and so cloud-init, keeps the last of two equal keys without a word, at any depth.

    Looked for before values are made: that writes out merge keys, whose keys ours may repeat.
    """
    problems = []
    for found in _nodes(node):
        lines: dict[Any, int] = {}
        for key, _value in found.value if isinstance(found, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            # 1 and 01 are one key, as yes and true are.
            value = parser.construct_object(key)
            if value in lines:
                name = shortened(key.value)
                message = f"{name} is here a second time: cloud-init ignores the first"
                hint = f"the first is in line {lines[value]}: write them as one"
                problems.append(Problem(file, _mark_span(key), message, "", hint))
                if len(problems) > MAX_FINDINGS:
                    return problems
            lines.setdefault(value, key.start_mark.line + 1)
    return problems


def _span_of(node: yaml.Node, path: Path) -> Span:
    span = _mark_span(node)
    for step in path:
        match node:
            case yaml.MappingNode():
                pair = next((pair for pair in reversed(node.value) if pair[0].value == step), None)
                if pair is None:
                    return span
                span, node = _mark_span(pair[0]), pair[1]
            case yaml.SequenceNode() if isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                span = _mark_span(node)
            case _:
                return span
    return span


def _mark_span(node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    is_word = isinstance(node, yaml.ScalarNode) and start.line == end.line
    return Span(start.line + 1, start.column + 1, end.column - start.column if is_word else 1)
