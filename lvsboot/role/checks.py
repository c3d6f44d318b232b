"""JSON Schema to functions that check a value and give its sound part. Knows no role file.

Only the keywords that schemas/role.json uses, and an error for any other: a check that is not
made is worse than none. Tests hold these functions to the jsonschema package; that one takes
ten times as long, and says of a broken value only that it is broken (docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lvsboot.role import messages as complaints
from lvsboot.role.assertions import TESTS, Parser, Schema, Test, first_complaint
from lvsboot.role.document import MAX_FINDINGS, Finding, Path
from lvsboot.role.finding import Aliases, written
from lvsboot.role.messages import Complaint

UNSOUND: Any = object()
"""What a check gives for a value of which nothing is of use."""

_ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
KEYWORDS = {
    *TESTS,
    "properties",
    "required",
    "additionalProperties",
    "propertyNames",
    "items",
    "oneOf",
    "dependentRequired",
}


class Sieve:
    """What a run of checks finds, and what it took away.

    `lost` are the paths of values that are missing from what is left; `kept` tells for each list
    that became shorter which of its entries are still there.
    """

    def __init__(self, aliases: Aliases | None = None) -> None:
        self.aliases: Aliases = aliases or {}
        self._noted: set[tuple[Path, str]] = set()
        self.findings: list[Finding] = []
        self.lost: set[Path] = set()
        self.kept: dict[Path, list[int]] = {}

    @property
    def is_full(self) -> bool:
        return len(self.findings) >= MAX_FINDINGS

    def refuse(self, path: Path, complaint: Complaint, *, at_key: bool = False) -> Any:  # noqa: ANN401
        """Notes the complaint; gives UNSOUND. Once there are too many, no more are noted.

        Of a value that aliases repeat it is noted once.
        """
        if self.is_full:
            return UNSOUND
        if self.aliases:
            note = written(path, self.aliases, at_key=at_key).path, complaint.message
            if note in self._noted:
                return UNSOUND
            self._noted.add(note)
        self.findings.append(Finding(path, complaint.message, complaint.hint, at_key=at_key))
        return UNSOUND


Check = Callable[[Any, Path, Sieve], Any]
"""Gives the value itself where all of it is sound, else a copy without the rest, or UNSOUND."""


def compile_schema(
    schema: Schema, parsers: Mapping[str, Parser], stand_ins: Mapping[str, Schema]
) -> Check:
    """The check of a whole schema.

    `parsers` are its formats. `stand_ins` are, by the definition's name, values for required keys
    with which a mapping that lacks them is still looked into; they count as lost.
    """
    return _Compiler(schema, parsers, stand_ins).compile(schema, "")


class _Compiler:
    def __init__(
        self, root: Schema, parsers: Mapping[str, Parser], stand_ins: Mapping[str, Schema]
    ) -> None:
        self._root = root
        self._parsers = parsers
        self._stand_ins = stand_ins
        self._compiled: dict[str, Check] = {}

    def compile(self, schema: Schema, name: str) -> Check:
        if "$ref" in schema:
            return self._reference(schema)
        unknown = schema.keys() - _ANNOTATIONS - KEYWORDS
        if unknown:
            raise ValueError(f"lvsboot checks no {', '.join(sorted(unknown))}")
        match schema.get("type"):
            case "object":
                return self._mapping(schema, name)
            case "array":
                return self._list(schema)
            case _:
                return _scalar(self._tests(schema))

    def _reference(self, schema: Schema) -> Check:
        """A definition's check; what stands beside the reference must be about meaning alone."""
        if schema.keys() - _ANNOTATIONS - {"$ref"}:
            raise ValueError(f"keywords beside {schema['$ref']}")
        name = schema["$ref"].removeprefix("#/$defs/")
        if name not in self._compiled:
            self._compiled[name] = self.compile(self._root["$defs"][name], name)
        return self._compiled[name]

    def _tests(self, schema: Schema) -> tuple[Test, ...]:
        """In the order in which a person wants to hear of them: the kind of value first."""
        return tuple(
            test(schema, self._parsers) for keyword, test in TESTS.items() if keyword in schema
        )

    def _list(self, schema: Schema) -> Check:
        tests = self._tests(schema)
        check_item = self.compile(schema["items"], "")

        def check(value: Any, path: Path, sieve: Sieve) -> Any:  # noqa: ANN401
            complaint = first_complaint(tests, value)
            if complaint is not None:
                sieve.refuse(path, complaint)
                if type(value) is not list:
                    return UNSOUND
            parts = [check_item(item, (*path, i), sieve) for i, item in enumerate(value)]
            if all(part is item for part, item in zip(parts, value, strict=True)):
                return value
            kept = [i for i, part in enumerate(parts) if part is not UNSOUND]
            sieve.kept[path] = kept
            sieve.lost.update((*path, i) for i in range(len(parts)) if parts[i] is UNSOUND)
            return [parts[i] for i in kept]

        return check

    def _mapping(self, schema: Schema, name: str) -> Check:
        return _MappingCheck(
            tests=self._tests(schema),
            title=schema["title"],
            known={
                key: self.compile(child, key) for key, child in schema.get("properties", {}).items()
            },
            other=self._other(schema),
            required=tuple(schema.get("required", ())),
            choices=tuple(tuple(it["required"]) for it in schema.get("oneOf", ())),
            companions=schema.get("dependentRequired", {}),
            stand_ins=self._stand_ins.get(name, {}),
        )

    def _other(self, schema: Schema) -> tuple[Check, Check] | None:
        """The checks of the keys and values that the schema does not name."""
        if schema["additionalProperties"] is False:
            return None
        names = self.compile(schema["propertyNames"], "")
        return names, self.compile(schema["additionalProperties"], "")


class _MappingCheck:
    """Of a mapping whose keys are all named, or (`other`) are names themselves."""

    def __init__(
        self,
        *,
        tests: tuple[Test, ...],
        title: str,
        known: Mapping[str, Check],
        other: tuple[Check, Check] | None,
        required: tuple[str, ...],
        choices: tuple[tuple[str, ...], ...],
        companions: Mapping[str, list[str]],
        stand_ins: Schema,
    ) -> None:
        self._tests = tests
        self._title = title
        self._known = known
        self._words = list(known)
        self._other = other
        self._required = required
        self._choices = choices
        self._companions = companions
        self._stand_ins = stand_ins

    def __call__(self, value: Any, path: Path, sieve: Sieve) -> Any:  # noqa: ANN401
        complaint = first_complaint(self._tests, value)
        if complaint is not None:
            sieve.refuse(path, complaint)
            if type(value) is not dict:
                return UNSOUND
        sound = self._entries(value, path, sieve)
        self._say_what_is_missing(value, path, sieve)
        if misplaced := self._misplaced(value):
            sound = {key: child for key, child in sound.items() if key not in misplaced}
            sieve.lost.update((*path, key) for key in misplaced)
        if not self._choices_are_clear(sound):
            return UNSOUND
        for key in self._required:
            if key not in sound:
                sieve.lost.add((*path, key))
                if key not in self._stand_ins:
                    return UNSOUND
                sound = {**sound, key: self._stand_ins[key]}
        return sound

    def _entries(self, value: dict[str, Any], path: Path, sieve: Sieve) -> dict[str, Any]:
        known = self._known
        sound: dict[str, Any] | None = None
        for key, child in value.items():
            if key in known:
                part = known[key](child, (*path, key), sieve)
            else:
                part = self._stranger(key, child, (*path, key), sieve)
            if part is not child:
                sound = dict(value) if sound is None else sound
                if part is UNSOUND:
                    sieve.lost.add((*path, key))
                    del sound[key]
                else:
                    sound[key] = part
        return value if sound is None else sound

    def _stranger(self, key: str, child: Any, path: Path, sieve: Sieve) -> Any:  # noqa: ANN401
        if self._other is None:
            complaint = complaints.unknown_key(key, self._title, self._words)
            return sieve.refuse(path, complaint, at_key=True)
        check_name, check_value = self._other
        names = Sieve()
        if check_name(key, path, names) is UNSOUND:
            for finding in names.findings:
                sieve.refuse(path, Complaint(finding.message, finding.hint), at_key=True)
            return UNSOUND
        return check_value(child, path, sieve)

    def _say_what_is_missing(self, value: dict[str, Any], path: Path, sieve: Sieve) -> None:
        for key in self._required:
            if key not in value:
                sieve.refuse(path, Complaint(f"'{key}' is missing"), at_key=True)
        for key, companion in self._misplaced(value).items():
            complaint = complaints.only_with(key, companion)
            sieve.refuse((*path, key), complaint, at_key=True)
        if self._choices:
            self._say_what_to_choose(value, path, sieve)

    def _say_what_to_choose(self, value: dict[str, Any], path: Path, sieve: Sieve) -> None:
        chosen = [keys for keys in self._choices if any(key in value for key in keys)]
        if not chosen:
            sieve.refuse(path, complaints.no_choice(self._choices))
        elif len(chosen) > 1:
            first, last = (
                [key for key in keys if key in value] for keys in chosen[:: len(chosen) - 1]
            )
            complaint = complaints.two_choices(last[0], first[0])
            sieve.refuse((*path, last[0]), complaint, at_key=True)
        else:
            for key in chosen[0]:
                if key not in value:
                    sieve.refuse(path, Complaint(f"'{key}' is missing"), at_key=True)

    def _misplaced(self, value: dict[str, Any]) -> dict[str, str]:
        """The keys that stand without one that they need, and that one."""
        return {
            key: companion
            for key, companions in self._companions.items()
            for companion in companions
            if key in value and companion not in value
        }

    def _choices_are_clear(self, sound: dict[str, Any]) -> bool:
        """Whether one set of keys is whole, and no other begun."""
        begun = [keys for keys in self._choices if any(key in sound for key in keys)]
        is_whole = len(begun) == 1 and all(key in sound for key in begun[0])
        return is_whole or not self._choices


def _scalar(tests: tuple[Test, ...]) -> Check:
    def check(value: Any, path: Path, sieve: Sieve) -> Any:  # noqa: ANN401
        for test in tests:
            complaint = test(value)
            if complaint is not None:
                return sieve.refuse(path, complaint)
        return value

    return check
