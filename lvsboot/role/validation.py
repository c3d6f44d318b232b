"""Validates a document's value against the schema: all findings, and the part that is valid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lvsboot.role.document import MAX_FINDINGS, Finding, Path
from lvsboot.role.error_findings import error_findings
from lvsboot.role.finding import Aliases, written_once
from lvsboot.role.schema import Schema, make_validator, role_schema, role_validator

INVALID: Any = object()
"""The valid part of a value of which nothing can be used."""

# By a mapping's title: what stands in for a required key that is missing or in error, so that the
# rest of the mapping can be decoded. Such a key counts as removed: no finding that depends
# on it is shown.
PLACEHOLDERS: dict[str, dict[str, Any]] = {
    "role file": {"version": 1},
    "network": {"interfaces": {}},
    "director": {"method": "dr", "vips": [], "services": []},
    "real server": {"method": "dr"},
    "service": {"real_servers": []},
}

_Affected = dict[Any, Any]
"""The paths of all values that an error affects, as nested mappings from step to step."""


@dataclass(slots=True)
class ValidationResult:
    """What validation found, and the part of the value that is valid.

    `value` is the value itself where all of it is valid, and None where no part of it is a role.
    `removed` are the paths of what it lacks for an error; `kept` has for each list that became
    shorter the indices of the entries that are still there.
    """

    value: Any
    findings: list[Finding] = field(default_factory=list)
    removed: set[Path] = field(default_factory=set)
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
    for finding, unusable in error_findings(validator.iter_errors(value)):
        _add(affected, finding.path if unusable is None else unusable)
        if unusable is not None:
            result.removed.add(unusable)
        if aliases:
            note = written_once(finding, aliases)
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


def _valid_part(
    value: Any,  # noqa: ANN401
    schema: Schema,
    affected: _Affected,
    path: Path,
    result: ValidationResult,
) -> Any:  # noqa: ANN401
    """The value without what is in error, or INVALID; only affected paths are walked."""
    if path in result.removed:
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
        result.removed.update((*path, i) for i, part in parts.items() if part is INVALID)
        result.kept[path] = kept
    return [parts.get(i, value[i]) for i in kept]


def _valid_mapping(
    value: dict[str, Any], schema: Schema, affected: _Affected, path: Path, result: ValidationResult
) -> Any:  # noqa: ANN401
    """The mapping without its invalid values, and a placeholder for each missing required key.

    INVALID where a required key has no placeholder, or the keys leave open which `oneOf` applies.
    """
    known, others = schema.get("properties", {}), schema["additionalProperties"]
    parts = {
        key: _valid_part(value[key], known.get(key, others), below, (*path, key), result)
        for key, below in affected.items()
        if key in value
    }
    result.removed.update((*path, key) for key, part in parts.items() if part is INVALID)
    valid = {key: part for key, part in {**value, **parts}.items() if part is not INVALID}
    if "oneOf" in schema and not _is_clear(valid, schema["oneOf"]):
        return INVALID
    missing = [key for key in schema.get("required", ()) if key not in valid]
    result.removed.update((*path, key) for key in missing)
    placeholders = PLACEHOLDERS.get(schema["title"], {})
    if not placeholders.keys() >= set(missing):
        return INVALID
    return {**valid, **{key: placeholders[key] for key in missing}}


def _is_clear(value: dict[str, Any], choices: list[Schema]) -> bool:
    """Whether the mapping has one set of keys whole, and no key of another."""
    sets = [choice["required"] for choice in choices]
    begun = [keys for keys in sets if any(key in value for key in keys)]
    return len(begun) == 1 and all(key in value for key in begun[0])
