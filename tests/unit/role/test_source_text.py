"""Bytes to text, lines of it, and the words and places of syntax errors."""

from __future__ import annotations

import pytest
import yaml

from lvsboot.errors import InputError
from lvsboot.problem import Span
from lvsboot.role.source_text import decode_text, source_lines, span_at, syntax_problem


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode_text(b"\xef\xbb\xbfa: 1\n", "x.yaml", 10, "a role file") == "a: 1\n"


@pytest.mark.parametrize(
    ("raw", "span", "message"),
    [
        (b"a" * 11, Span(1), "more than 10 bytes, which a role file has at most"),
        (b"a\nb\xff", Span(2, 2), "byte 0xff is not UTF-8"),
    ],
)
def test_bytes_that_are_no_text(raw: bytes, span: Span, message: str) -> None:
    with pytest.raises(InputError) as caught:
        decode_text(raw, "x.yaml", 10, "a role file")
    [problem] = caught.value.problems
    assert problem.span == span
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: [\n\n\n", 1, "no YAML: "),
        ("a: 1\n\tb: 2\n", 2, "no YAML: "),
        ("a: 1\nport:80\nc: 1\n", 2, "a blank is missing after 'port:'"),
    ],
)
def test_a_syntax_error_is_at_the_line_that_caused_it(text: str, line: int, message: str) -> None:
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.load(text, yaml.CSafeLoader)
    problem = syntax_problem(caught.value, text, "x.yaml", "no YAML")
    assert problem.span.line == line
    assert problem.message.startswith(message)
    assert problem.source == text.split("\n")[line - 1]


def test_lines() -> None:
    assert source_lines("a\r\nb\nc", {1, 3, 5}) == {1: "a", 3: "c"}
    assert span_at("a\nbc", 3) == Span(2, 2, 1)
