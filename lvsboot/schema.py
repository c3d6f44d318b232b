"""Holds a document against schemas/role.json. Words the problems; decodes nothing."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators

from lvsboot.document import Document, Finding
from lvsboot.formats import PARSERS
from lvsboot.resources import ROLE_SCHEMA

# JSON Schema takes 80.0 for an integer, and a rule would say 80.0.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
)
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def schema_findings(document: Document) -> list[Finding]:
    """Everything that the schema alone can tell, unsorted."""
    errors = _validator().iter_errors(document.value)
    return [finding for error in errors for finding in _findings(error)]


def load_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return schema


def _validator() -> Any:  # noqa: ANN401 - a class that is made here
    checker = FormatChecker(formats=())
    for name, parse in PARSERS.items():
        checker.checks(name, raises=ValueError)(_format_check(parse))
    validator = validators.extend(Draft202012Validator, type_checker=_TYPES)
    return validator(load_schema(), format_checker=checker)


def _format_check(parse: Any) -> Any:  # noqa: ANN401
    def check(value: object) -> bool:
        if isinstance(value, str):
            parse(value)
        return True

    return check


def _findings(error: ValidationError) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    match error.validator:
        case "additionalProperties":
            yield from _unknown_keys(error, path)
        case "required":
            for key in error.validator_value:
                if key not in error.instance:
                    yield Finding(path, f"'{key}' is missing", at_key=True)
        case "oneOf":
            yield from _one_of(error)
        case "type":
            yield _wrong_type(error, path)
        case "enum":
            yield _not_in_enum(error, path)
        case "const":
            yield Finding(
                path,
                f"{_shown(error.instance)} is not a {error.schema['title']} known here",
                hint=f"this lvsboot reads {error.validator_value}",
            )
        case "format":
            yield _bad_format(error, path)
        case _:
            yield Finding(path, _limit_text(error))


def _unknown_keys(error: ValidationError, path: tuple[str | int, ...]) -> Iterator[Finding]:
    known = list(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            hint = _did_you_mean(key, known) or f"known here: {', '.join(known)}"
            yield Finding(
                (*path, key), f"'{key}' is not a key of {_named(error)}", hint, at_key=True
            )


def _one_of(error: ValidationError) -> Iterator[Finding]:
    """Each branch of a oneOf here is a set of keys that a mapping has instead of the others."""
    if not isinstance(error.instance, dict):
        return  # `type` says so
    path = tuple(error.absolute_path)
    branches = [branch["required"] for branch in error.validator_value]
    chosen = [keys for keys in branches if any(key in error.instance for key in keys)]
    if len(chosen) > 1:
        key = next(key for key in chosen[-1] if key in error.instance)
        message = f"'{key}' and '{chosen[0][0]}' exclude each other"
        yield Finding((*path, key), message, "take one of the two away", at_key=True)
    elif chosen:
        for key in chosen[0]:
            if key not in error.instance:
                yield Finding(path, f"'{key}' is missing", at_key=True)
    else:
        words = " or ".join(" with ".join(f"'{key}'" for key in keys) for keys in branches)
        yield Finding(path, f"{words} is missing", "one of them says what this is")


def _wrong_type(error: ValidationError, path: tuple[str | int, ...]) -> Finding:
    wanted = error.validator_value
    kinds = [wanted] if isinstance(wanted, str) else wanted
    expected = " or ".join(_KINDS[kind] for kind in kinds)
    is_scalar = not isinstance(error.instance, dict | list | None)
    hint = "quote it" if "string" in kinds and is_scalar else ""
    if "integer" in kinds and isinstance(error.instance, str) and error.instance.isdigit():
        hint = "write it without quotes"
    return Finding(path, f"{_shown(error.instance)} is not {expected}", hint)


def _not_in_enum(error: ValidationError, path: tuple[str | int, ...]) -> Finding:
    words = [str(word) for word in error.validator_value]
    hint = _did_you_mean(str(error.instance), words) or f"one of {', '.join(words)}"
    return Finding(path, f"{_shown(error.instance)} is not a {error.schema['title']}", hint)


def _bad_format(error: ValidationError, path: tuple[str | int, ...]) -> Finding:
    if "propertyNames" in error.schema_path:
        return Finding((*path, error.instance), str(error.cause), at_key=True)
    return Finding(path, str(error.cause))


def _limit_text(error: ValidationError) -> str:
    limit = error.validator_value
    match error.validator:
        case "minimum":
            return f"{error.instance} is too small: at least {limit}"
        case "maximum":
            return f"{error.instance} is too large: at most {limit}"
        case "minItems" | "minProperties":
            return f"at least {limit} entry is needed here"
        case "uniqueItems":
            return "an entry stands here twice"
    return str(error.message)


def _named(error: ValidationError) -> str:
    if not error.absolute_path:
        return "a role file"
    title: str = error.schema["title"]
    return title if title.endswith("s") else f"a {title}"


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"'{value}'"
        case _:
            return str(value)


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
