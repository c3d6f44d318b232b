"""One process at a time writes into an image, and the lock leaves nothing in it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.install.image_lock import ImageLock
from tests.unit.locks import held_by_another

_HOLD = """
import sys
from pathlib import Path
from lvsboot.install.image_lock import ImageLock
with ImageLock(Path(sys.argv[1]), "render"):
    print(1)
    input()
"""


def test_two_that_write_one_image(tmp_path: Path) -> None:
    with held_by_another(_HOLD, tmp_path) as holder:
        name = f"lvsboot render .process {holder.pid}."
        with pytest.raises(HostError, match=name), ImageLock(tmp_path, "render", patience=0):
            raise AssertionError
    # A killed holder blocks nobody, and what it left goes with the next one.
    with ImageLock(tmp_path, "render", patience=0):
        assert (tmp_path / paths.IMAGE_LOCK[1:]).stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "var/lib/lvs").iterdir()) == []


def test_an_image_is_as_it_was_afterwards(tmp_path: Path) -> None:
    with ImageLock(tmp_path, "render"):
        assert (tmp_path / "var/lib/lvs/lock").is_file()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "var/lib").mkdir(parents=True)
    with ImageLock(tmp_path, "render"):
        (tmp_path / "var/lib/lvs/manifest.json").touch()
    assert [it.name for it in tmp_path.rglob("*")] == ["var", "lib", "lvs", "manifest.json"]


def test_who_can_open_the_images_folder_holds_nothing(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "var/lib/lvs"):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        with ImageLock(tmp_path, "render", patience=0):
            pass
        os.close(descriptor)


@pytest.mark.parametrize("plant", ["pipe", "link", "folder", "another's"])
def test_what_is_no_lock_is_refused(tmp_path: Path, plant: str) -> None:
    place = tmp_path / paths.IMAGE_LOCK[1:]
    place.parent.mkdir(parents=True)
    match plant:
        case "pipe":
            os.mkfifo(place)
        case "link":
            place.symlink_to(tmp_path / "elsewhere")
        case "folder":
            place.mkdir()
        case _ if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        case _:
            place.touch()
            os.chown(place, 65534, 65534)
    with pytest.raises(HostError, match=f"{place}"), ImageLock(tmp_path, "render", patience=0):
        raise AssertionError
    assert not (tmp_path / "elsewhere").exists()
    assert os.path.lexists(place)


def test_an_image_whose_folders_are_links_is_locked_inside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "var").symlink_to(tmp_path / "outside")
    (tmp_path / "outside").mkdir()
    with ImageLock(root, "render", patience=0):
        assert list((tmp_path / "outside").iterdir()) == []
    assert [it.name for it in root.iterdir()] == ["var"]
