"""schemas/role.json, and the validator that the jsonschema package makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from lvsboot.resources import ROLE_SCHEMA
from lvsboot.role.formats import PARSERS

Schema = Mapping[str, Any]


def load_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return schema


@cache
def role_schema() -> Schema:
    """The schema with its references replaced: jsonschema would resolve them for each value."""
    schema = load_schema()
    inlined: dict[str, Any] = _inlined(schema, schema["$defs"])
    return inlined


def _inlined(schema: Any, definitions: Schema) -> Any:  # noqa: ANN401
    match schema:
        case {"$ref": str(reference)}:
            return _inlined(definitions[reference.removeprefix("#/$defs/")], definitions)
        case dict():
            return {
                key: _inlined(child, definitions) for key, child in schema.items() if key != "$defs"
            }
        case list():
            return [_inlined(child, definitions) for child in schema]
        case _:
            return schema


@cache
def role_validator() -> Any:  # noqa: ANN401 - jsonschema 4.10 has no types
    return make_validator(role_schema())


def make_validator(schema: Schema) -> Any:  # noqa: ANN401
    """A validator with lvsboot's formats. The schema itself is checked by the tests."""
    return _VALIDATOR(schema, format_checker=_format_checker())


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, parse in PARSERS.items():

        def check(value: object, parse: Any = parse) -> bool:  # noqa: ANN401
            return not isinstance(value, str) or parse(value) is not None

        checker.checks(name, raises=ValueError)(check)
    return checker


def _const(_validator: Any, const: Any, value: Any, _schema: Schema) -> Iterator[ValidationError]:  # noqa: ANN401
    """JSON Schema takes 1.0 for 1."""
    if type(value) is not type(const) or value != const:
        yield ValidationError("")


def _unique_items(
    _validator: Any,  # noqa: ANN401
    _wanted: bool,  # noqa: FBT001
    value: Any,  # noqa: ANN401
    _schema: Schema,
) -> Iterator[ValidationError]:
    """The package compares each with each where they cannot be sorted."""
    if isinstance(value, list) and len({repr(item) for item in value}) < len(value):
        yield ValidationError("")


def _additional_properties(
    validator: Any,  # noqa: ANN401
    others: Any,  # noqa: ANN401
    value: Any,  # noqa: ANN401
    schema: Schema,
) -> Iterator[ValidationError]:
    """In the file's order and one by one: the package makes a set of them."""
    if not isinstance(value, dict):
        return
    known = schema.get("properties", {})
    for key, child in value.items():
        if key in known:
            continue
        if others is False:
            yield ValidationError("", path=[key])
        else:
            yield from validator.descend(child, others, path=key)


_VALIDATOR = extend(
    Draft202012Validator,
    {
        "const": _const,
        "uniqueItems": _unique_items,
        "additionalProperties": _additional_properties,
    },
    # JSON Schema takes 80.0 for an integer, and a rule would be written with 80.0.
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: type(value) is int
    ),
)
