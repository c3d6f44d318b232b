"""A role file that was edited and not applied is mentioned; any other is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.commands.pending import unapplied_role


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        ({}, None),
        ({"applied": "a"}, None),
        ({"role": "a", "applied": "a"}, None),
        ({"role": "a"}, "has not been applied"),
        ({"role": "a", "applied": "b"}, "has changed since it was applied"),
    ],
)
def test_a_role_that_waits(tmp_path: Path, texts: dict[str, str], state: str | None) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    role, applied = str(tmp_path / "role"), str(tmp_path / "applied")
    said = f"{role} {state}: `lvsboot plan` shows what it would change" if state else None
    assert unapplied_role(role, applied) == said


def test_what_may_not_be_read_is_not_mentioned(tmp_path: Path) -> None:
    (tmp_path / "role").mkdir()
    assert unapplied_role(str(tmp_path / "role"), str(tmp_path / "applied")) is None
