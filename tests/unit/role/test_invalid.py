"""Every broken role of tests/invalid/ gives exactly its report: NAME.yaml and NAME.txt."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lvsboot.cli.text.problems import problems_value
from lvsboot.errors import InputError
from lvsboot.problem import Problem, Severity
from lvsboot.role.constraints import constraint_findings
from lvsboot.role.document import parse_document
from lvsboot.role.error_findings import ABOUT_KEYS, MESSAGES
from lvsboot.role.model import Role
from lvsboot.role.reader import decode_role
from lvsboot.role.schema import load_schema, role_validator
from lvsboot.role.validation import validate
from tests.golden import REPOSITORY
from tests.reports import INVALID, ROLES, report, verdict

CONSTRAINTS = REPOSITORY / "lvsboot" / "role" / "constraints"
# What a finding says of this file, and what of any other.
_OWN = re.compile(r"'[^']*'|[0-9a-f]*:[0-9a-f:.]+(/\d+)?|\d[\d./]*|\b(lan|sync)\d\b")


@pytest.mark.parametrize("place", ROLES, ids=lambda place: place.stem)
def test_a_broken_role_gives_its_report(place: Path) -> None:
    assert report(place) == place.with_suffix(".txt").read_text(encoding="utf-8")


def test_only_warnings_leave_a_role_usable() -> None:
    for place in ROLES:
        found = verdict(place)
        assert found.usable == place.name.startswith("warning-"), place.name
        if found.usable:
            severities = {problem.severity for problem in found.problems}
            assert severities == {Severity.WARNING}, place.name


def test_problems_have_the_shape_that_is_promised() -> None:
    schema = json.loads((REPOSITORY / "schemas/problems.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for place in ROLES:
        value = json.loads(json.dumps(problems_value(verdict(place).problems)))
        assert value
        validator.validate(value)


def test_no_report_is_left_over() -> None:
    assert {place.stem for place in INVALID.glob("*.txt")} == {place.stem for place in ROLES}


def in_use(schema: Any) -> Iterator[str]:
    """The keywords of a schema that a value can break."""
    match schema:
        case dict():
            for key, child in schema.items():
                if key in {"properties", "$defs"}:
                    for grandchild in child.values():
                        yield from in_use(grandchild)
                    continue
                yield key
                if key in {"items", "additionalProperties", "propertyNames", "oneOf"}:
                    yield from in_use(child)
        case list():
            for child in schema:
                yield from in_use(child)


def test_every_keyword_of_the_schema_is_broken_somewhere() -> None:
    broken = set()
    for value in values():
        for error in role_validator().iter_errors(value):
            broken.add(error.validator)
            broken.update(str(step) for step in error.schema_path)
    assert set(in_use(load_schema())) & {*MESSAGES, *ABOUT_KEYS, "propertyNames"} <= broken


def test_every_keyword_of_the_schema_has_its_message() -> None:
    annotations = {"$schema", "$ref", "title", "description", "default", "examples"}
    frame = {"items", "propertyNames"}  # they lead to what can be broken
    assert set(in_use(load_schema())) <= {*MESSAGES, *ABOUT_KEYS, *annotations, *frame}


@cache
def values() -> list[Any]:
    """Of the files that are YAML, the smallest first."""
    found = []
    for place in sorted(ROLES, key=lambda place: place.stat().st_size):
        with suppress(InputError):
            found.append(parse_document(place.read_bytes(), place.name).value)
    return found


def usable_parts() -> Iterator[Role]:
    """What the rules check of each file."""
    for value in values():
        part = validate(value).value
        if part is not None:
            yield decode_role(part)


def finding_lines(place: Path) -> set[int]:
    """Where the rules of a module make a finding."""
    makers = {"Finding", "warning", "key_error", "unknown_interface", "undeclared_vip"}
    return {
        node.lineno
        for node in ast.walk(ast.parse(place.read_text(encoding="utf-8")))
        if isinstance(node, ast.Yield)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in makers
    }


def test_every_rule_is_broken_somewhere() -> None:
    rules = {
        str(place): finding_lines(place)
        for place in CONSTRAINTS.glob("*.py")
        if place.stem != "findings"
    }
    assert sum(map(len, rules.values())) > 60

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        missing = rules.get(frame.f_code.co_filename)
        if not missing:
            return None  # no module of rules, or one that has shown them all
        if event == "line":
            missing.discard(frame.f_lineno)
        return trace

    before = sys.gettrace()
    for role in usable_parts():
        sys.settrace(trace)
        try:
            list(constraint_findings(role))
        finally:
            sys.settrace(before)
    assert {name: lines for name, lines in rules.items() if lines} == {}


def identity(problem: Problem) -> tuple[str, str, str]:
    """The rule, its hint and the key: nothing of the file's own values, names and places."""
    message, hint = problem.message, problem.hint
    message = message if message.endswith(" is missing") else _OWN.sub("#", message)
    where = re.sub(r"\[\d+\]|\.(lan|sync)\d\b", "", problem.where)
    return message, _OWN.sub("#", hint), where


def test_no_two_files_share_rule_and_key() -> None:
    files: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for place in ROLES:
        if place.stem in {"all-at-once", "anchor-and-alias"}:
            continue  # are about what stands together in one report
        severity = Severity.WARNING if place.name.startswith("warning-") else Severity.ERROR
        for problem in verdict(place).problems:
            # A broken role may give cause for a warning, too.
            if problem.severity is severity:
                files[identity(problem)].add(place.stem)
    assert {key: names for key, names in files.items() if len(names) > 1} == {}
