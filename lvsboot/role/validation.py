"""Validates a document's value against the schema: all findings, and the part that is valid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema import ValidationError

from lvsboot.role import messages
from lvsboot.role.finding import Aliases, written
from lvsboot.role.document import MAX_FINDINGS, Finding, Path
from lvsboot.role.messages import Message
from lvsboot.role.schema import Schema, make_validator, role_schema, role_validator

INVALID: Any = object()
"""The valid part of a value of which nothing can be used."""

# By a mapping's title: what stands in for a required key that is missing or in error, so that the
# rest of the mapping can be decoded. Such a key counts as lost: no finding that depends on it is
# shown.
PLACEHOLDERS: dict[str, dict[str, Any]] = {
    "role file": {"version": 1},
    "network": {"interfaces": {}},
    "director": {"method": "dr", "vips": [], "services": []},
    "real server": {"method": "dr"},
    "service": {"real_servers": []},
}

# Keywords that a mapping can break beside others, and those that say nothing against any entry.
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

_Affected = dict[Any, Any]
"""The paths of all values that an error affects, as nested mappings from step to step."""


@dataclass(slots=True)
class ValidationResult:
    """What validation found, and the part of the value that is valid.

    `value` is the value itself where all of it is valid, and None where no part of it is a role.
    `lost` are the paths of values that are missing from it; `kept` has for each list that became
    shorter the indices of the entries that are still there.
    """

    value: Any
    findings: list[Finding] = field(default_factory=list)
    lost: set[Path] = field(default_factory=set)
    kept: dict[Path, list[int]] = field(default_factory=dict)


def validate(value: Any, aliases: Aliases | None = None) -> ValidationResult:  # noqa: ANN401
    """Validates a role. An error in a value that `aliases` repeat is found once.

    It stops at MAX_FINDINGS findings, with None for the valid part.
    """
    return _validate(value, role_schema(), role_validator(), aliases or {})


def validate_against(schema: Schema, value: Any) -> ValidationResult:  # noqa: ANN401
    """The same by another schema, which has no references."""
    return _validate(value, schema, make_validator(schema), {})


def _validate(
    value: Any,  # noqa: ANN401
    schema: Schema,
    validator: Any,  # noqa: ANN401
    aliases: Aliases,
) -> ValidationResult:
    result = ValidationResult(value)
    affected: _Affected = {}
    noted = set()
    for finding, lost in _findings(validator.iter_errors(value)):
        _add(affected, finding.path if lost is None else lost)
        if lost is not None:
            result.lost.add(lost)
        if aliases:
            note = written(finding.path, aliases, at_key=finding.at_key).path, finding.message
            if note in noted:
                continue
            noted.add(note)
        result.findings.append(finding)
        if len(result.findings) == MAX_FINDINGS:
            result.value = None
            return result
    if result.findings:
        part = _valid_part(value, schema, affected, (), result)
        result.value = None if part is INVALID else part
    return result


def _add(affected: _Affected, path: Path) -> None:
    for step in path:
        affected = affected.setdefault(step, {})


def _findings(errors: Iterable[ValidationError]) -> Iterator[tuple[Finding, Path | None]]:
    """Each error's findings, with the path of the value that is lost by it, if one is.

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


def _valid_part(
    value: Any,  # noqa: ANN401
    schema: Schema,
    affected: _Affected,
    path: Path,
    result: ValidationResult,
) -> Any:  # noqa: ANN401
    """The value without what is in error, or INVALID; only affected paths are walked."""
    if path in result.lost:
        return INVALID
    match value:
        case list():
            return _valid_list(value, schema, affected, path, result)
        case dict():
            return _valid_mapping(value, schema, affected, path, result)
        case _:
            return value


def _valid_list(
    value: list[Any], schema: Schema, affected: _Affected, path: Path, result: ValidationResult
) -> list[Any]:
    parts = {
        i: _valid_part(value[i], schema["items"], below, (*path, i), result)
        for i, below in affected.items()
    }
    kept = [i for i in range(len(value)) if parts.get(i) is not INVALID]
    if len(kept) < len(value):
        result.lost.update((*path, i) for i, part in parts.items() if part is INVALID)
        result.kept[path] = kept
    return [parts.get(i, value[i]) for i in kept]


def _valid_mapping(
    value: dict[str, Any], schema: Schema, affected: _Affected, path: Path, result: ValidationResult
) -> Any:  # noqa: ANN401
    """With placeholders for required keys that it lacks; INVALID where one has none."""
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    parts = {
        key: _valid_part(value[key], known.get(key, others), below, (*path, key), result)
        for key, below in affected.items()
        if key in value
    }
    result.lost.update((*path, key) for key, part in parts.items() if part is INVALID)
    valid = {key: part for key, part in {**value, **parts}.items() if part is not INVALID}
    if "oneOf" in schema and not _is_clear(valid, schema["oneOf"]):
        return INVALID
    missing = [key for key in schema.get("required", ()) if key not in valid]
    result.lost.update((*path, key) for key in missing)
    placeholders = PLACEHOLDERS.get(schema["title"], {})
    if not placeholders.keys() >= set(missing):
        return INVALID
    return {**valid, **{key: placeholders[key] for key in missing}}


def _is_clear(value: dict[str, Any], choices: list[Schema]) -> bool:
    """Whether the mapping has one set of keys whole, and no key of another."""
    sets = [choice["required"] for choice in choices]
    begun = [keys for keys in sets if any(key in value for key in keys)]
    return len(begun) == 1 and all(key in value for key in begun[0])
