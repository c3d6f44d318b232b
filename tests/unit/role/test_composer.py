"""YAML 1.2's scalars, what a role file refuses, and limits on size."""

from __future__ import annotations

import pytest
import yaml

from lvsboot.role import composer
from lvsboot.role.composer import MAX_DEPTH, MAX_VALUES
from lvsboot.role.document import (
    parse_document,
    place_findings,
)
from tests.unit.role.test_document import refusal, value


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
        monkeypatch.setattr(composer, "Loader", loader)
        problem = refusal(opening.encode() * 200)
        assert problem.message.startswith("lists and mappings are nested more than")
        assert problem.span.column == len(opening) * MAX_DEPTH + 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is here a second time"),
        ("a: *x\n", 1, "there is no anchor &x before this alias"),
        ("a: &x 1\nb: &x 2\n", 2, "the anchor &x is here a second time"),
        ("a:\n  &x [1, {b: *x}]\n", 2, "*x is inside of the value that &x names"),
        ("a: &x 1\n*x : 2\n", 2, "an alias cannot be a key"),
        ("a: &x {}\nb:\n  <<: *x\n", 3, "merge keys have no meaning"),
        ("b: {<<: {c: 1}}\n", 1, "merge keys have no meaning"),
        ("a: !!python/object:os.system x\n", 1, "tags (tag:yaml.org,2002:python/object:os"),
        ("? [1, 2]\n: 3\n", 1, "a key must be a word"),
        ("b: 1\n&x a: 1\n", 2, "only a value can have an anchor"),
        ("b: 1\n!x a: 1\n", 2, "tags (!x) have no meaning"),
        ("b: 1\na: ! '80'\n", 2, "tags (!) have no meaning"),
        ("b: 1\n! a: 80\n", 2, "tags (!) have no meaning"),
        ("b: 1\na: ! [80]\n", 2, "tags (!) have no meaning"),
        ("b: 1\na: !!int 80\n", 2, "tags (tag:yaml.org,2002:int) have no meaning"),
        ("b: 1\na: !<80> {}\n", 2, "tags (80) have no meaning"),
        ("# \u202e\na: 1\n", 1, "U+202E is invisible"),
        ("a: 1 # \u200b\n", 1, "U+200B is invisible"),
        ("a: 1 # \u2028\n", 1, "U+2028 is invisible"),
    ],
)
def test_what_yaml_allows_and_a_role_file_does_not(text: str, line: int, message: str) -> None:
    [problem] = place_findings(parse_document(text.encode(), "role.yaml"), [])
    assert problem.span.line == line
    assert problem.message.startswith(message)


def test_an_alias_repeats_a_value() -> None:
    text = "a: &x [1, &y {b: c}]\nd: *x\ne: {f: *y, g: &z 80}\nh: [*z]\n"
    repeated = [1, {"b": "c"}]
    assert value(text) == {
        "a": repeated,
        "d": repeated,
        "e": {"f": {"b": "c"}, "g": 80},
        "h": [80],
    }


@pytest.mark.parametrize(
    ("first", "width", "levels", "limit"),
    [
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9]", 9, 30, "250,000 values"),
        ("x" * 4_000, 20, 5, "16,777,216 characters"),
        ("[]", 1, 100, "nested more than 64 deep"),
    ],
)
def test_an_alias_bomb_is_refused_before_it_explodes(
    first: str, width: int, levels: int, limit: str
) -> None:
    lines = [f"a0: &a0 {first}"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]" for i in range(1, levels)]
    problem = refusal("\n".join(lines).encode())
    assert limit in problem.message
    assert 1 < problem.span.line <= len(lines)


def test_what_aliases_expand_to_may_be_as_large_as_a_file() -> None:
    """An alias counts as if written out: ten lists of 24,990 entries, and the values around."""
    entries = MAX_VALUES // 10 - 10
    text = f"a: &a [{', '.join(['1'] * entries)}]\nb: [{', '.join(['*a'] * 9)}]\n"
    found = parse_document(text.encode(), "role.yaml")
    assert found.value["b"][8] is found.value["a"]
    assert refusal(text.replace("b: [", "b: [*a, ").encode()).span.line == 2
