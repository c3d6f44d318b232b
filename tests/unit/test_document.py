"""YAML 1.2's scalars, places, and files that are hostile or no YAML at all."""

from __future__ import annotations

import pytest
import yaml

from lvsboot import document
from lvsboot.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_FINDINGS,
    NOT_YAML,
    Finding,
    Path,
    parse_document,
    path_text,
)
from lvsboot.errors import InputError
from lvsboot.places import place_findings
from lvsboot.problem import Place, Problem, Span
from lvsboot.report import problems_text
from lvsboot.role import parse_role


def value(text: str) -> object:
    return parse_document(text.encode(), "role.yaml").value


def refusal(raw: bytes) -> Problem:
    with pytest.raises(InputError) as caught:
        parse_document(raw, "role.yaml")
    [problem] = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("22:22", "22:22"),
        ("052", 52),
        ("0o52", 42),
        ("0x1F", 31),
        ("-7", -7),
        ("1_000", "1_000"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'80'", "80"),
        ('"true"', "true"),
        ("2001-01-01", "2001-01-01"),
        ("<<", "<<"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    assert value(f"key: {text}") == {"key": expected}


def test_an_empty_value_is_null() -> None:
    assert value("a:\nb: []") == {"a": None, "b": []}


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
    [problem] = place_findings(document, [Finding(("a",), "wrong", twin=("b", 0))])
    assert problem.twin == Place(Span(3, 3, 1), "b[0]")


def test_places_are_found_past_keys_that_are_no_words() -> None:
    document = parse_document(b"? [1, {a: b}]\n: {c: d}\ne: f\ne: g\n", "role.yaml")
    *_own, problem = place_findings(document, [Finding(("e",), "wrong")])
    assert problem.span == Span(3, 4, 1)


def test_paths_read_like_the_role_file() -> None:
    assert path_text(("director", "services", 0, "scheduler")) == "director.services[0].scheduler"


@pytest.mark.parametrize(
    ("raw", "line", "column", "message"),
    [
        (b"", 1, 1, "the file is empty"),
        (b"# nothing\n", 1, 1, "the file is empty"),
        (b"a: 1\nb: \xff", 2, 4, "byte 0xff is not UTF-8"),
        (b"a: \x01", 1, 4, "U+0001 is a character that YAML refuses"),
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
        (b" " * (MAX_BYTES + 1), 1, 1, "the file has 16,777,217 bytes"),
    ],
)
def test_what_is_no_document(raw: bytes, line: int, column: int, message: str) -> None:
    problem = refusal(raw)
    assert (problem.span.line, problem.span.column) == (line, column)
    assert problem.message.startswith(message)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_our_own_limit_speaks_before_a_librarys(
    opening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of PyYAML's two scanners, and one that gives up while it reads ahead."""

    class Strict(yaml.SafeLoader):
        def fetch_flow_collection_start(self, kind: type[yaml.Token]) -> None:
            if self.flow_level > MAX_DEPTH + 10:
                raise yaml.scanner.ScannerError("", None, "too deep", self.get_mark())
            super().fetch_flow_collection_start(kind)

    for loader in (yaml.SafeLoader, Strict):
        monkeypatch.setattr(document, "_Loader", loader)
        problem = refusal(opening.encode() * 200)
        assert problem.message.startswith("lists and mappings are nested more than")
        assert problem.span.column == len(opening) * MAX_DEPTH + 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here a second time"),
        ("a: &x 1\n", 1, "anchors have no meaning"),
        ("a: *x\n", 1, "aliases have no meaning"),
        ("a: !!python/object:os.system x\n", 1, "tags (tag:yaml.org,2002:python/object:os"),
        ("? [1, 2]\n: 3\n", 1, "a key must be a word"),
        ("b: 1\n&x a: 1\n", 2, "anchors have no meaning"),
        ("b: 1\n!x a: 1\n", 2, "tags (!x) have no meaning"),
        ("# \u202e\na: 1\n", 1, "U+202E is not seen"),
        ("a: 1 # \u200b\n", 1, "U+200B is not seen"),
        ("a: 1 # \u2028\n", 1, "U+2028 is not seen"),
    ],
)
def test_what_yaml_allows_and_a_role_file_does_not(text: str, line: int, message: str) -> None:
    [problem] = place_findings(parse_document(text.encode(), "role.yaml"), [])
    assert problem.span.line == line
    assert problem.message.startswith(message)


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert parse_document("\n".join(lines).encode(), "role.yaml").findings


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"k%d: 1\n" % i for i in range(20_000)),
        b"{" + b",".join(b"k%d" % i for i in range(20_000)) + b"}",
        b"a: [" + b"&a 1," * 100_000 + b"]",
        b"%TAG !a! b\n" * 100_000,
        "# \u202e".encode() * 100_000,
        b"hostname: " + b"9" * 1_000_000,
    ],
    ids=["keys", "keys in one line", "anchors", "directives", "unseen", "digits"],
)
def test_a_hostile_file_has_an_end(raw: bytes) -> None:
    """In a second or two and in few words, where a product of sizes would take an hour."""
    with pytest.raises(InputError) as caught:
        parse_role(raw, "role.yaml")
    assert len(caught.value.problems) <= MAX_FINDINGS + 3
    assert len(problems_text(caught.value.problems)) < 1_000_000
