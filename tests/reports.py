"""The reports on the broken roles of tests/invalid/: `python -m tests.reports` writes them anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lvsboot.cli.text.problems import problems_text
from lvsboot.errors import InputError
from lvsboot.problem import Problem
from lvsboot.role.document import NOT_YAML
from lvsboot.role.reader import parse_role

INVALID = Path(__file__).parent / "invalid"
_WORDS = re.compile(f"{re.escape(NOT_YAML)}: .*")
ROLES = sorted(INVALID.glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the role in a file, or only worth a second look; whether it is usable."""

    problems: tuple[Problem, ...]
    usable: bool


@cache
def verdict(place: Path) -> Verdict:
    try:
        return Verdict(parse_role(place.read_bytes(), place.name).warnings, usable=True)
    except InputError as error:
        return Verdict(error.problems, usable=False)


def report(place: Path) -> str:
    """What is drawn of a file, without a parser's words, which are its releases' own."""
    return _WORDS.sub(NOT_YAML, problems_text(verdict(place).problems))


if __name__ == "__main__":
    for role in ROLES:
        role.with_suffix(".txt").write_text(report(role), encoding="utf-8")
