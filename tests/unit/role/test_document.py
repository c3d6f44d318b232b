"""Positions of findings, and files that are no YAML at all."""

from __future__ import annotations

import pytest

from lvsboot.cli.text.problems import problems_text
from lvsboot.errors import InputError
from lvsboot.problem import Place, Problem, Span
from lvsboot.role.composer import MAX_DEPTH
from lvsboot.role.document import (
    MAX_BYTES,
    MAX_FINDINGS,
    NOT_YAML,
    Finding,
    Path,
    parse_document,
    place_findings,
)
from lvsboot.role.reader import parse_role


def value(text: str) -> object:
    return parse_document(text.encode(), "role.yaml").value


def refusal(raw: bytes) -> Problem:
    with pytest.raises(InputError) as caught:
        parse_document(raw, "role.yaml")
    [problem] = caught.value.problems
    return problem


def test_a_finding_points_at_its_value_or_its_key() -> None:
    document = parse_document(b"a:\n  - bc: def\n", "role.yaml")
    path: Path = ("a", 0, "bc")
    at_value, at_key = place_findings(
        document, [Finding(path, "wrong"), Finding(path, "wrong", at_key=True)]
    )
    assert (at_value.span.line, at_value.span.column, at_value.span.length) == (2, 9, 3)
    assert (at_key.span.line, at_key.span.column, at_key.span.length) == (2, 5, 2)
    assert at_value.source == "  - bc: def"


def test_a_path_that_ends_early_points_at_the_nearest_ancestor() -> None:
    document = parse_document(b"a:\n  b: 1\n", "role.yaml")
    [problem] = place_findings(document, [Finding(("a", "missing"), "wrong")])
    assert problem.span.line == 2


def test_a_finding_names_what_it_contradicts() -> None:
    document = parse_document(b"a: 1\nb:\n- c\n", "role.yaml")
    [problem] = place_findings(document, [Finding(("a",), "wrong", conflicts_with=("b", 0))])
    assert problem.conflicts_with == Place(Span(3, 3, 1), "b[0]")


def test_places_are_found_past_keys_that_are_no_words() -> None:
    document = parse_document(b"? [1, {a: b}]\n: {c: d}\ne: f\ne: g\n", "role.yaml")
    *_own, problem = place_findings(document, [Finding(("e",), "wrong")])
    assert problem.span == Span(3, 4, 1)


@pytest.mark.parametrize(
    ("raw", "line", "column", "message"),
    [
        (b"", 1, 1, "the file is empty"),
        (b"# nothing\n", 1, 1, "the file is empty"),
        (b"a: 1\nb: \xff", 2, 4, "byte 0xff is not UTF-8"),
        (b"a: \x01", 1, 4, "U+0001 is a character that YAML refuses"),
        (b"a: 1\nb: \x00", 2, 4, "U+0000 is a character that YAML refuses"),
        (b"\x00", 1, 1, "U+0000 is a character that YAML refuses"),
        (b"a: 1\n# \x1b[2J\n", 2, 3, "U+001B is a character that YAML refuses"),
        ("a: 1\n'b\ufffe': 1\n".encode(), 2, 3, "U+FFFE is a character that YAML refuses"),
        (b"a: 1\nb: \xed\xa0\x80", 2, 4, "byte 0xed is not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, 1, "byte 0xff is not UTF-8"),
        ("é: \x01".encode(), 1, 4, "U+0001 is a character that YAML refuses"),
        (b"a:\n\tb: 1", 2, 1, NOT_YAML),
        (b"a: 1\n---\nb: 1\n", 2, 1, "a second document begins here: a role file has one"),
        (b"a: [1,\n# ] forgotten\n\n", 2, 13, NOT_YAML),
        (b"a: 1\nb: {c:\n", 2, 6, NOT_YAML),
        (b"# old\n%YAML 1.1\n---\na: 1\n", 2, 1, "directives have no meaning in a role file"),
        (b"[" * 100_000, 1, MAX_DEPTH + 1, "lists and mappings are nested more than 64 deep"),
        (b"- " * 100_000, 1, 2 * MAX_DEPTH + 1, "lists and mappings are nested more than 64 deep"),
        (
            b"{a: " * 100_000,
            1,
            4 * MAX_DEPTH + 1,
            "lists and mappings are nested more than 64 deep",
        ),
        (b" " * (MAX_BYTES + 1), 1, 1, "the file has more than 16,777,216 bytes"),
    ],
)
def test_what_is_no_document(raw: bytes, line: int, column: int, message: str) -> None:
    problem = refusal(raw)
    assert (problem.span.line, problem.span.column) == (line, column)
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "line", "column", "key"),
    [
        ("a:\n  scheduler:wlc\n  port: 80\n", 2, 3, "scheduler:"),
        ("a:\n  port: 80\n  scheduler:wlc\n", 3, 3, "scheduler:"),
        ("a:\n  - vip: x\n    scheduler:wlc\n\n    # c\n    port: 80\n", 3, 5, "scheduler:"),
        ("a:\n  - - vip:2001:db8::1\n      port: 80\n", 2, 7, "vip:"),
        ("version:1\n\ndirector: 2\n", 1, 1, "version:"),
    ],
)
def test_a_colon_without_a_blank_is_reported_at_its_own_line(
    text: str, line: int, column: int, key: str
) -> None:
    problem = refusal(text.encode())
    assert problem.message == f"a blank is missing after '{key}'"
    assert problem.span == Span(line, column, len(key))


@pytest.mark.parametrize("text", ["a: b: c\n", "a:\n  b\n  c: 1\n", "a:\n  http://x\n  c: 1\n"])
def test_another_mistake_at_a_colon_is_the_librarys(text: str) -> None:
    assert refusal(text.encode()).message.startswith(NOT_YAML)


@pytest.mark.long
@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"k%d: 1\n" % i for i in range(20_000)),
        b"{" + b",".join(b"k%d" % i for i in range(20_000)) + b"}",
        b"a: [" + b"&a 1," * 100_000 + b"]",
        b"a: [" + b"*a ," * 100_000 + b"]",
        b"a: &a [1]\nb: [" + b"*a ," * 100_000 + b"]",
        b"a: [" + b",".join(b"&a%d 1" % i for i in range(50_000)) + b", *b" * 900 + b"]",
        b"%TAG !a! b\n" * 100_000,
        "# \u202e".encode() * 100_000,
        b"hostname: " + b"9" * 1_000_000,
    ],
    ids=[
        "keys",
        "keys in one line",
        "anchors",
        "no anchors",
        "aliases",
        "aliases of nothing",
        "directives",
        "unseen",
        "digits",
    ],
)
def test_a_hostile_file_has_an_end(raw: bytes) -> None:
    """In a second or two and in few words, where a product of sizes would take an hour."""
    with pytest.raises(InputError) as caught:
        parse_role(raw, "role.yaml")
    assert len(caught.value.problems) <= MAX_FINDINGS + 3
    assert len(problems_text(caught.value.problems)) < 1_000_000
