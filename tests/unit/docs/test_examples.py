"""The examples: editors find their schema, and none has a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lvsboot.resources import ROLE_SCHEMA
from lvsboot.role.reader import parse_role
from tests.golden import CASES, REPOSITORY

MODELINE = re.compile(r"#\s+yaml-language-server\s*:.*\$schema=(\S+)")


EXAMPLES = sorted((REPOSITORY / "examples").rglob("*.yaml"))


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: f"{place.parent.name}-{place.stem}")
def test_an_editor_finds_the_schema_of_an_example(place: Path) -> None:
    text = place.read_text(encoding="utf-8")
    match = MODELINE.fullmatch(text.splitlines()[0])
    assert match is not None
    assert (place.parent / match[1]).resolve() == ROLE_SCHEMA.resolve()


def test_no_example_has_a_warning() -> None:
    for place in EXAMPLES:
        assert parse_role(place.read_bytes(), place.name).warnings == ()
    rendered = {REPOSITORY / "examples" / case.example for case in CASES}
    assert rendered == set(EXAMPLES)
