"""The locks hold what pyproject.toml asks for: a clone gets what this revision was tested with."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.golden import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, list[str]] = PROJECT["dependency-groups"]
PINNED = re.compile(
    r"^([\w.-]+)==([\w.]+)(?: ;.*)? \\\n((?:    --hash=sha256:.*\n)+)", re.MULTILINE
)


def locked(group: str) -> set[tuple[str, str]]:
    """Name and version of every pin with a hash; a package may have one for each Python."""
    text = (REPOSITORY / "requirements" / f"{group}.txt").read_text(encoding="utf-8")
    found = {(match[1], match[2]) for match in PINNED.finditer(text)}
    assert len(found) == len(re.findall("^[^ #]", text, re.MULTILINE))
    return found


def asked(group: str) -> list[str]:
    """A development environment runs the program as well, and builds its wheel."""
    if group != "dev":
        return GROUPS[group]
    return [
        *GROUPS["dev"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["build-system"]["requires"],
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_satisfies_its_group(group: str) -> None:
    versions = locked(group)
    for requirement in map(Requirement, asked(group)):
        name = canonicalize_name(requirement.name)
        pinned = [version for package, version in versions if package == name]
        assert pinned
        assert all(map(requirement.specifier.contains, pinned))


def test_every_group_has_its_lock() -> None:
    assert {place.stem for place in (REPOSITORY / "requirements").iterdir()} == set(GROUPS)


def test_the_wheel_asks_for_no_version_but_the_oldest() -> None:
    """A host's own packages satisfy it, whatever its release has."""
    for requirement in map(Requirement, PROJECT["project"]["dependencies"]):
        assert [it.operator for it in requirement.specifier] == [">="]
