"""Validation held to plain jsonschema, and the valid part that it leaves of a value."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker, validators

from lvsboot.role.document import MAX_FINDINGS, parse_document
from lvsboot.role.formats import PARSERS
from lvsboot.role.schema import load_schema
from lvsboot.role.validation import PLACEHOLDERS, validate, validate_against
from tests.fuzz.readers import is_about_a_list
from tests.strategies import EXAMPLES, VALUES, damaged
from tests.unit.role.test_schema import subschemas


def _oracle() -> Any:
    """Of the schema as it stands, with none of our own keywords."""
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
    result = validate(value)
    assert repr(value) == repr(before)  # not a number is not itself
    assert bool(result.findings) == (not ORACLE.is_valid(value))
    if not result.findings:
        assert result.value is value
        assert not result.removed
    elif result.value is not None:
        again = validate(result.value)
        assert all(is_about_a_list(finding) for finding in again.findings)


@pytest.mark.parametrize("raw", EXAMPLES)
def test_examples(raw: bytes) -> None:
    agrees(parse_document(raw, "role.yaml").value)


@settings(deadline=None)
@given(VALUES)
def test_values(value: Any) -> None:
    agrees(value)


@settings(deadline=None)
@given(damaged())
def test_damaged_roles(value: Any) -> None:
    agrees(value)


@pytest.mark.parametrize(
    "keys",
    [
        {"vip": "192.0.2.1", "fwmark": 1},
        {"port": 80, "fwmark": 1},
        {"vip": "192.0.2.1", "port": 80, "fwmark": 1},
        {"vip": "192.0.2.1"},
        {},
    ],
)
def test_a_service_has_one_identity(keys: dict[str, Any]) -> None:
    vips = [{"address": "192.0.2.1", "interface": "lo"}]
    services = [{**keys, "real_servers": []}]
    director = {"method": "dr", "vips": vips, "services": services}
    value = {"version": 1, "director": director}
    agrees(value)
    assert len(validate(value).findings) == 1


THING: dict[str, Any] = {"title": "thing", "type": "object", "additionalProperties": False}


def test_the_result_has_what_was_removed() -> None:
    result = validate(
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
    assert result.value == {
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
    assert result.kept == {("director", "vips"): [0, 2]}
    assert result.removed == {
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
        **THING,
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "dependentRequired": {"a": ["b"]},
    }
    result = validate_against(schema, {"a": 1})
    assert result.value == {}
    assert [finding.message for finding in result.findings] == ["'a' is only for what has a 'b'"]
    assert result.removed == {("a",)}


def test_every_placeholder_is_for_a_required_key() -> None:
    required: dict[str, set[str]] = {}
    for schema in subschemas(load_schema()):
        if "required" in schema and "title" in schema:
            required.setdefault(schema["title"], set()).update(schema["required"])
    for title, values in PLACEHOLDERS.items():
        assert values.keys() <= required[title]


def test_validation_stops_at_the_most_findings() -> None:
    value = {f"a{i}": i for i in range(2 * MAX_FINDINGS)}
    result = validate_against({**THING, "properties": {}}, value)
    assert result.value is None
    assert len(result.findings) == MAX_FINDINGS
    assert result.findings[-1].path == (f"a{MAX_FINDINGS - 1}",)


def test_one_of_several_sets_of_keys() -> None:
    properties = {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer"}}
    schema = {
        **THING,
        "properties": properties,
        "oneOf": [
            {"required": ["a", "b"], "properties": {"c": False}},
            {"required": ["c"], "properties": {"a": False, "b": False}},
        ],
    }
    for value, messages in (
        ({"a": 1, "b": 1}, []),
        ({"a": 1}, ["'b' is missing"]),
        ({"c": 1}, []),
        ({"b": 1, "c": 1}, ["'c' and 'b' exclude each other"]),
        ({}, ["'a' with 'b' or 'c' is missing"]),
    ):
        result = validate_against(schema, value)
        assert [finding.message for finding in result.findings] == messages
        assert result.value == (None if messages else value)
