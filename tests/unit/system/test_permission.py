"""A refused user is told who owns the file or folder, and whether root would help."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsboot.errors import NotPermittedError
from lvsboot.system.permission import not_permitted
from lvsboot.system.textfiles import read_text, write_text

NOBODY, SOMEBODY = 65534, 65533
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes another user's folders")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in (tmp_path, *tmp_path.parents[:-2]):
        place.chmod(0o755)
    return tmp_path


def refusal(place: Path, *, reads: bool = False, user: int = NOBODY) -> str:
    os.seteuid(user)
    try:
        with pytest.raises(NotPermittedError) as caught:
            read_text(str(place)) if reads else write_text(str(place), "")
    finally:
        os.seteuid(0)
    return str(caught.value)


def test_roots_folder_wants_root(folder: Path) -> None:
    said = refusal(folder / "x")
    assert said == f"cannot write {folder}/x: Permission denied; run lvsboot as root"


@pytest.mark.parametrize("name", ["x", "more/x"])
def test_another_users_folder_wants_that_user(folder: Path, name: str) -> None:
    os.chown(folder, SOMEBODY, SOMEBODY)
    assert refusal(folder / name).endswith(
        f"; {folder} belongs to user {SOMEBODY}: run lvsboot as that user"
    )


def test_another_users_file_wants_that_user(folder: Path) -> None:
    place = folder / "x"
    place.touch(0o600)
    os.chown(place, SOMEBODY, SOMEBODY)
    assert refusal(place, reads=True).endswith(
        f"; {place} belongs to user {SOMEBODY}: run lvsboot as that user"
    )


def test_what_its_mode_keeps_from_its_owner(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o555)
    assert refusal(folder / "x").endswith(
        f"; {folder} belongs to this user, whom its mode forbids it: chmod u+rwX {folder}"
    )


def test_root_is_not_told_to_be_root(folder: Path) -> None:
    """A sandbox or protected_regular keeps it from what is another user's, or read-only."""
    error = PermissionError(13, "Permission denied")
    said = str(not_permitted("write", folder / "x", error))
    assert said.endswith("root may not: see lsattr, the mount's options and the unit's sandbox")
    os.chown(folder, SOMEBODY, SOMEBODY)
    said = str(not_permitted("write", str(folder / "x"), error))
    assert said.endswith(
        f"{folder} belongs to user {SOMEBODY} and must be root's: chown root {folder}"
    )
