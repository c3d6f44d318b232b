"""Makes findings of the jsonschema package's errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsonschema import ValidationError

from lvsboot.role import messages
from lvsboot.role.document import Finding, Path
from lvsboot.role.messages import Message

# Keywords that one mapping can break together, and those that leave each entry valid.
ABOUT_KEYS = {"required", "dependentRequired", "oneOf"}
_ABOUT_ENTRIES = {"minItems", "minProperties", "uniqueItems"}

# By the keyword that a value breaks.
MESSAGES: dict[str, Callable[[ValidationError], Message]] = {
    "type": lambda error: messages.wrong_type(error.instance, _listed(error.validator_value)),
    "format": lambda error: messages.of_error(error.cause),
    "uniqueItems": lambda error: messages.twice(error.instance),
    "minItems": lambda error: messages.too_few(error.validator_value),
    "minProperties": lambda error: messages.too_few(error.validator_value),
    "enum": lambda error: messages.not_a_word(*_facts(error)),
    "const": lambda error: messages.not_the_one(*_facts(error)),
    "minimum": lambda error: messages.too_small(*_facts(error)),
    "maximum": lambda error: messages.too_large(*_facts(error)),
    "additionalProperties": lambda error: messages.unknown_key(
        error.path[-1], error.schema["title"], list(error.schema["properties"])
    ),
}


def error_findings(errors: Iterable[ValidationError]) -> Iterator[tuple[Finding, Path | None]]:
    """Each error's findings, with the path of the value that it makes unusable, if one is.

    At one value the first error is enough: the schema has the type before all else. For missing
    keys jsonschema has an error each, which does not name it: the first one stands for all.
    """
    seen = set()
    for error in errors:
        path = tuple(error.path)
        is_name = "propertyNames" in error.schema_path
        if is_name:
            path = (*path, error.instance)
        place = path, error.validator if error.validator in ABOUT_KEYS else ""
        if place in seen:
            continue
        seen.add(place)
        if error.validator == "oneOf":
            if isinstance(error.instance, dict):
                yield _choice_finding(error, path), None
        elif error.validator in ABOUT_KEYS:
            yield from _key_findings(error, path)
        else:
            message = MESSAGES[error.validator](error)
            at_key = is_name or error.validator == "additionalProperties"
            finding = Finding(path, message.message, message.hint, at_key=at_key)
            yield finding, None if error.validator in _ABOUT_ENTRIES else path


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _facts(error: ValidationError) -> tuple[Any, str, Any]:
    """The value, what the schema calls it, and what the schema says of it."""
    return error.instance, error.schema["title"], error.validator_value


def _key_findings(error: ValidationError, path: Path) -> Iterator[tuple[Finding, Path]]:
    """Of keys that are missing, and of keys without another that they need."""
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield Finding(path, messages.missing(key), at_key=True), (*path, key)
        return
    for key, companions in error.validator_value.items():
        absent = [word for word in companions if word not in error.instance]
        if key in error.instance and absent:
            message = messages.only_with(key, absent[-1])
            yield Finding((*path, key), *message, at_key=True), (*path, key)


def _choice_finding(error: ValidationError, path: Path) -> Finding:
    """Of a mapping that has no set of keys of several, parts of two, or a part of one."""
    choices = [choice["required"] for choice in error.validator_value]
    begun = [
        present for keys in choices if (present := [key for key in keys if key in error.instance])
    ]
    if not begun:
        return Finding(path, *messages.no_choice(choices))
    if len(begun) > 1:
        key, other = begun[-1][0], begun[0][0]
        return Finding((*path, key), *messages.two_choices(key, other), at_key=True)
    keys = next(keys for keys in choices if begun[0][0] in keys)
    absent = next(key for key in keys if key not in error.instance)
    return Finding(path, messages.missing(absent), at_key=True)
