"""The schema's own checks, held to the jsonschema package, and what they leave of a value."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, FormatChecker, validators

from lvsboot.role.checks import UNSOUND, Sieve, compile_schema
from lvsboot.role.document import MAX_FINDINGS, parse_document
from lvsboot.role.formats import PARSERS
from lvsboot.role.schema import STAND_INS, load_schema, sift
from tests.fuzz.readers import is_about_a_list
from tests.strategies import EXAMPLES, VALUES, damaged


def _oracle() -> Any:
    checker = FormatChecker(formats=())
    for name, parse in PARSERS.items():

        def check(value: object, parse: Any = parse) -> bool:
            return not isinstance(value, str) or parse(value) is not None

        checker.checks(name, raises=ValueError)(check)
    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    )
    validator = validators.extend(Draft202012Validator, type_checker=types)
    return validator(load_schema(), format_checker=checker)


ORACLE = _oracle()


def agrees(value: Any) -> None:
    before = copy.deepcopy(value)
    sound, sieve = sift(value)
    assert repr(value) == repr(before)  # not a number is not itself
    assert bool(sieve.findings) == (not ORACLE.is_valid(value))
    if not sieve.findings:
        assert sound is value
        assert not sieve.lost
    elif sound is not None:
        _same, again = sift(sound)
        assert all(is_about_a_list(finding) for finding in again.findings)


@pytest.mark.parametrize("raw", EXAMPLES)
def test_examples(raw: bytes) -> None:
    agrees(parse_document(raw, "role.yaml").value)


@given(VALUES)
def test_values(value: Any) -> None:
    agrees(value)


@given(damaged())
def test_damaged_roles(value: Any) -> None:
    agrees(value)


def compile_(schema: dict[str, Any], stand_ins: dict[str, dict[str, Any]] | None = None) -> Any:
    return compile_schema({"title": "thing", **schema}, PARSERS, stand_ins or {})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "a"},
        {"type": "array", "items": {"type": "string", "maxLength": 1}},
        {"$ref": "#/$defs/a", "minimum": 1, "$defs": {"a": {"type": "integer"}}},
    ],
)
def test_a_keyword_that_is_not_checked_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lvsboot checks no|keywords beside"):
        compile_(schema)


def test_what_is_left_says_what_is_lost() -> None:
    sound, sieve = sift(
        {
            "version": 1,
            "sysctl": {"net.a": 1, "net.b": []},
            "hostname": 7,
            "director": {
                "vips": [
                    {"address": "192.0.2.1", "interface": "lo"},
                    {"address": "192.0.2.300", "interface": "lo"},
                    {"address": "192.0.2.3", "interface": "lo", "onwer": "external"},
                ],
            },
        }
    )
    assert sound == {
        "version": 1,
        "sysctl": {"net.a": 1},
        "director": {
            "method": "dr",
            "vips": [
                {"address": "192.0.2.1", "interface": "lo"},
                {"address": "192.0.2.3", "interface": "lo"},
            ],
            "services": [],
        },
    }
    assert sieve.kept == {("director", "vips"): [0, 2]}
    assert sieve.lost == {
        ("hostname",),
        ("sysctl", "net.b"),
        ("director", "method"),
        ("director", "services"),
        ("director", "vips", 1, "address"),
        ("director", "vips", 1),
        ("director", "vips", 2, "onwer"),
    }


def test_a_key_without_its_companion_is_left_out() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "dependentRequired": {"a": ["b"]},
    }
    sieve = Sieve()
    assert compile_(schema)({"a": 1}, (), sieve) == {}
    assert [finding.message for finding in sieve.findings] == ["'a' is only for what has a 'b'"]
    assert sieve.lost == {("a",)}


def test_every_stand_in_is_for_a_required_key() -> None:
    schema = load_schema()
    places = {"": schema, "network": schema["properties"]["network"], **schema["$defs"]}
    for name, values in STAND_INS.items():
        assert values.keys() <= set(places[name]["required"])


def test_there_is_an_end_to_findings() -> None:
    sieve = Sieve()
    value = {f"a{i}": i for i in range(2 * MAX_FINDINGS)}
    check = compile_({"type": "object", "additionalProperties": False, "properties": {}})
    assert check(value, (), sieve) == {}
    assert len(sieve.findings) == MAX_FINDINGS


def test_one_of_several_sets_of_keys() -> None:
    properties = {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer"}}
    check = compile_(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": properties,
            "oneOf": [{"required": ["a", "b"]}, {"required": ["c"]}],
        }
    )
    for value, messages in (
        ({"a": 1, "b": 1}, []),
        ({"a": 1}, ["'b' is missing"]),
        ({"c": 1}, []),
        ({"b": 1, "c": 1}, ["'c' and 'b' exclude each other"]),
        ({}, ["'a' with 'b' or 'c' is missing"]),
    ):
        sieve = Sieve()
        sound = check(value, (), sieve)
        assert [finding.message for finding in sieve.findings] == messages
        assert (sound is UNSOUND) == bool(messages)
