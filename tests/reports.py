"""The reports on the broken roles of tests/invalid/: `python -m tests.reports` writes them anew."""

from __future__ import annotations

from pathlib import Path

from lvsboot.errors import InputError
from lvsboot.problem import Problem
from lvsboot.report import problems_text
from lvsboot.role import parse_role

INVALID = Path(__file__).parent / "invalid"
ROLES = sorted(INVALID.glob("*.yaml"))


def problems(place: Path) -> tuple[Problem, ...]:
    """What is wrong with the role in the file, or only worth a second look."""
    try:
        return parse_role(place.read_bytes(), place.name).warnings
    except InputError as error:
        return error.problems


def report(place: Path) -> str:
    return problems_text(problems(place))


if __name__ == "__main__":
    for role in ROLES:
        role.with_suffix(".txt").write_text(report(role), encoding="utf-8")
