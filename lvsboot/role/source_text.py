"""A YAML file's bytes to text, and lines and columns in it: of its syntax errors, too. Pure."""

from __future__ import annotations

import re
from collections.abc import Set

import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Problem, Span

_UNEXPECTED_COLON = "mapping values are not allowed in this context"
_NO_BLANK = re.compile(r"[ ]*(?:-[ ]+)*([a-z_0-9]{1,40}:)[^\s:/]")


def decode_text(raw: bytes, file: str, limit: int, what: str) -> str:
    """The text, without a byte order mark; InputError above `limit` bytes, which `what` has."""
    if len(raw) > limit:
        message = f"the file has more than {limit:,} bytes, which {what} has at most"
        raise InputError([Problem(file, Span(1), message, hint=f"is it {what}?")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        span = Span(before.count(b"\n") + 1, column)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        hint = "save the file as UTF-8"
        raise InputError([Problem(file, span, message, hint=hint)]) from error


def span_at(text: str, index: int) -> Span:
    """The one character at the index."""
    line_start = text.rfind("\n", 0, index) + 1
    return Span(text.count("\n", 0, index) + 1, index - line_start + 1, 1)


def syntax_problem(error: yaml.YAMLError, text: str, file: str, what: str) -> Problem:
    """The library's error, behind the words `what`, at its line or at the line that caused it."""
    marks: list[yaml.Mark | None] = []
    words: list[str | None] = [str(error)]
    if isinstance(error, yaml.MarkedYAMLError):
        marks, words = [error.problem_mark, error.context_mark], [error.problem, error.context]
        if missing := _missing_blank(error, text, file):
            return missing
    end = len(text.rstrip())
    # An error at the text's end is about what begins before it.
    spans = [Span(mark.line + 1, mark.column + 1, 1) for mark in marks if mark and mark.index < end]
    span = spans[0] if spans else _last_place(text)
    source = source_line(text, span)
    reason = " ".join(filter(None, words))
    message = f"{what}: {reason}" if reason else what
    hint = "indent with spaces, not tabs" if "\t" in source else ""
    return Problem(file, span, message, hint=hint, source=source)


def _missing_blank(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem | None:
    """The problem of a line such as `port:80`, which is a text to YAML and not a key.

    libyaml reports the line after it, for the colon that is missing or for one that it has.
    """
    if error.problem == "could not find expected ':'" and error.context_mark is not None:
        start = error.context_mark.index - error.context_mark.column
    elif error.problem == _UNEXPECTED_COLON and error.problem_mark is not None:
        before = text[: error.problem_mark.index - error.problem_mark.column].rstrip()
        start = before.rfind("\n") + 1
    else:
        return None
    found = _NO_BLANK.match(text, start)
    if found is None:
        return None
    span = span_at(text, found.start(1))._replace(length=len(found[1]))
    message = f"a blank is missing after '{found[1]}'"
    return Problem(file, span, message, source=source_line(text, span))


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
