"""Every broken role of tests/invalid/ gives exactly its report: NAME.yaml and NAME.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import InputError
from lvsboot.problem import Severity
from lvsboot.role import parse_role
from tests.reports import ROLES, report


@pytest.mark.parametrize("place", ROLES, ids=lambda place: place.stem)
def test_a_broken_role_gives_its_report(place: Path) -> None:
    assert report(place) == place.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ROLES, ids=lambda place: place.stem)
def test_only_warnings_leave_a_role_usable(place: Path) -> None:
    role_is_usable = place.name.startswith("warning-")
    try:
        warnings = parse_role(place.read_bytes(), place.name).warnings
    except InputError:
        assert not role_is_usable
    else:
        assert role_is_usable
        assert {problem.severity for problem in warnings} == {Severity.WARNING}
