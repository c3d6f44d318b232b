"""The keywords of JSON Schema that look at one value, each as a function that complains or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lvsboot.role import messages as complaints
from lvsboot.role.messages import Complaint

Schema = Mapping[str, Any]
Parser = Callable[[str], object]
Test = Callable[[Any], Complaint | None]

_IS_KIND: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: type(value) is str,
    # JSON Schema takes 80.0 for an integer, and a rule would say 80.0.
    "integer": lambda value: type(value) is int,
    "boolean": lambda value: type(value) is bool,
    "array": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
}


def first_complaint(tests: tuple[Test, ...], value: Any) -> Complaint | None:  # noqa: ANN401
    for test in tests:
        complaint = test(value)
        if complaint is not None:
            return complaint
    return None


def _type_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    wanted = schema["type"]
    kinds = [wanted] if isinstance(wanted, str) else wanted
    tests = [_IS_KIND[kind] for kind in kinds]
    if len(tests) == 1:
        is_kind = tests[0]
        return lambda value: None if is_kind(value) else complaints.wrong_type(value, kinds)
    return lambda value: (
        None if any(is_kind(value) for is_kind in tests) else complaints.wrong_type(value, kinds)
    )


def _enum_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    words: list[str] = schema["enum"]
    title = schema["title"]

    def test(value: Any) -> Complaint | None:  # noqa: ANN401
        return None if value in words else complaints.not_a_word(value, title, words)

    return test


def _const_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    wanted = schema["const"]
    title = schema["title"]

    def test(value: Any) -> Complaint | None:  # noqa: ANN401
        # True == 1 and 1.0 == 1: neither is what the schema says.
        if type(value) is type(wanted) and value == wanted:
            return None
        return complaints.not_the_one(value, title, wanted)

    return test


def _format_test(schema: Schema, parsers: Mapping[str, Parser]) -> Test:
    parse = parsers[schema["format"]]

    def test(value: Any) -> Complaint | None:  # noqa: ANN401
        if type(value) is str:
            try:
                parse(value)
            except ValueError as error:
                return complaints.of_error(error)
        return None

    return test


def _minimum_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    low, title = schema["minimum"], schema["title"]

    def test(value: Any) -> Complaint | None:  # noqa: ANN401
        is_less = type(value) is int and value < low
        return complaints.too_small(value, title, low) if is_less else None

    return test


def _maximum_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    high, title = schema["maximum"], schema["title"]

    def test(value: Any) -> Complaint | None:  # noqa: ANN401
        is_more = type(value) is int and value > high
        return complaints.too_large(value, title, high) if is_more else None

    return test


def _filled_test(schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    least = schema.get("minItems", schema.get("minProperties"))
    return lambda value: complaints.too_few(least) if len(value) < least else None


def _unique_test(_schema: Schema, _parsers: Mapping[str, Parser]) -> Test:
    def test(value: list[Any]) -> Complaint | None:
        texts = [repr(item) for item in value]
        return complaints.twice(value, texts) if len(set(texts)) < len(texts) else None

    return test


TESTS: dict[str, Callable[[Schema, Mapping[str, Parser]], Test]] = {
    "type": _type_test,
    "enum": _enum_test,
    "const": _const_test,
    "format": _format_test,
    "minimum": _minimum_test,
    "maximum": _maximum_test,
    "minItems": _filled_test,
    "minProperties": _filled_test,
    "uniqueItems": _unique_test,
}
