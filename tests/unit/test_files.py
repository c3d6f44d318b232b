"""Trees on a real file system: atomic, idempotent, and careful with what a person wrote."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lvsboot import paths
from lvsboot.atomic import replace_beside
from lvsboot.errors import HostError
from lvsboot.files import (
    BringBack,
    Found,
    Remove,
    Write,
    install_tree,
    plan_files,
    saved_path,
    set_aside,
)
from lvsboot.tree import Absence, File, Link
from tests.golden import read_tree

FILE = File("/etc/a/b.conf", "one\n")
SECRET = File("/etc/secret", "two\n", mode=0o600)
LINK = Link("/etc/a/link", "/etc/a/b.conf")
TREE = (FILE, SECRET, LINK)


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """Inode and modification time of everything: what was touched has another."""
    return {
        str(place): (place.lstat().st_ino, place.lstat().st_mtime_ns) for place in root.rglob("*")
    }


def test_a_tree_is_written_with_its_modes(tmp_path: Path) -> None:
    install_tree(TREE, tmp_path)
    tree = read_tree(tmp_path)
    manifest = tree.pop(paths.MANIFEST)
    assert isinstance(manifest, File)
    assert set(tree) == {entry.path for entry in TREE}
    assert tree[FILE.path] == FILE
    assert tree[LINK.path] == LINK
    assert stat.S_IMODE((tmp_path / "etc/secret").stat().st_mode) == 0o600


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        install_tree(TREE, tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "etc/a/b.conf").stat().st_mode) == 0o644


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    install_tree(TREE, tmp_path)
    before = snapshot(tmp_path)
    assert install_tree(TREE, tmp_path) == ((), ())
    assert snapshot(tmp_path) == before


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    install_tree(TREE, tmp_path)
    changed = File(FILE.path, "another\n")
    inode = (tmp_path / "etc/secret").stat().st_ino
    assert install_tree((changed, SECRET, LINK), tmp_path) == ((Write(changed, Found.OURS),), ())
    assert (tmp_path / "etc/a/b.conf").read_text() == "another\n"
    assert (tmp_path / "etc/secret").stat().st_ino == inode


def test_a_changed_mode_is_a_difference(tmp_path: Path) -> None:
    install_tree(TREE, tmp_path)
    (tmp_path / "etc/secret").chmod(0o666)
    assert plan_files(TREE, tmp_path) == (Write(SECRET, Found.EDITED),)


def test_what_a_later_tree_no_longer_has_is_removed(tmp_path: Path) -> None:
    install_tree((FILE, Link("/etc/x.wants/y", "z")), tmp_path)
    changes, _left = install_tree((FILE,), tmp_path)
    assert changes == (Remove("/etc/x.wants/y", Found.OURS),)
    assert not (tmp_path / "etc/x.wants").exists()


def test_what_others_wrote_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/theirs").write_text("theirs")
    install_tree((FILE,), tmp_path)
    install_tree((), tmp_path)
    assert (tmp_path / "etc/theirs").read_text() == "theirs"


def test_keep_others_leaves_an_earlier_tree_in_place_and_known(tmp_path: Path) -> None:
    install_tree((FILE,), tmp_path)
    changes, _left = install_tree((SECRET,), tmp_path, keep_others=True)
    assert changes == (Write(SECRET, Found.NOTHING),)
    assert plan_files((), tmp_path) == (
        Remove(FILE.path, Found.OURS),
        Remove(SECRET.path, Found.OURS),
    )


NEXT = pytest.mark.parametrize("tree", [(File(FILE.path, "new\n"),), ()], ids=["write", "remove"])


@NEXT
def test_what_a_person_edited_is_left(tmp_path: Path, tree: tuple[File, ...]) -> None:
    install_tree((FILE,), tmp_path)
    (tmp_path / "etc/a/b.conf").write_text("by hand\n")
    for _run in range(2):
        done, [left] = install_tree(tree, tmp_path)
        assert (done, left.found) == ((), Found.EDITED)
        assert (tmp_path / "etc/a/b.conf").read_text() == "by hand\n"


@NEXT
def test_or_replaced_and_kept_beside(tmp_path: Path, tree: tuple[File, ...]) -> None:
    install_tree((FILE,), tmp_path)
    place = tmp_path / "etc/a/b.conf"
    place.write_text("by hand\n")
    [change], left = install_tree(tree, tmp_path, replace_edited=True)
    assert (change.found, left) == (Found.EDITED, ())
    assert (tmp_path / saved_path(FILE.path)[1:]).read_text() == "by hand\n"
    assert not list(tmp_path.rglob(".*"))


def test_what_was_there_before_us_is_kept_beside(tmp_path: Path) -> None:
    (tmp_path / "etc/a").mkdir(parents=True)
    (tmp_path / "etc/a/b.conf").write_text("the image's\n")
    [change], _left = install_tree((FILE,), tmp_path)
    assert change == Write(FILE, Found.THEIRS)
    assert (tmp_path / saved_path(FILE.path)[1:]).read_text() == "the image's\n"


THEIRS = "/etc/network/interfaces.d/50-cloud-init"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    place = tmp_path / THEIRS[1:]
    place.parent.mkdir(parents=True)
    place.write_bytes(b"not UTF-8: \xff\n")
    place.chmod(0o640)
    return place


def test_what_is_in_the_way_is_set_aside_and_brought_back(tmp_path: Path, theirs: Path) -> None:
    tree = (FILE, Absence(THEIRS))
    changes, _left = install_tree(tree, tmp_path)
    assert changes == (Write(FILE, Found.NOTHING), Remove(THEIRS, Found.THEIRS))
    assert not theirs.exists()
    # `source interfaces.d/*` reads every name but a hidden one.
    assert [place.name for place in theirs.parent.iterdir()] == [".50-cloud-init.lvs-save"]
    assert set_aside(tmp_path) == (THEIRS,)
    assert install_tree(tree, tmp_path) == ((), ())

    assert install_tree((FILE,), tmp_path) == ((BringBack(THEIRS),), ())
    assert theirs.read_bytes() == b"not UTF-8: \xff\n"
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o640
    assert set_aside(tmp_path) == ()
    assert not list(theirs.parent.glob(".*"))


def test_what_has_come_back_by_itself_is_set_aside_again(tmp_path: Path, theirs: Path) -> None:
    install_tree((Absence(THEIRS),), tmp_path)
    theirs.write_text("newer\n")
    assert plan_files((Absence(THEIRS),), tmp_path) == (Remove(THEIRS, Found.THEIRS),)
    install_tree((Absence(THEIRS),), tmp_path)
    install_tree((), tmp_path)
    assert theirs.read_text() == "newer\n"


def test_what_was_never_there_is_not_brought_back(tmp_path: Path) -> None:
    install_tree((Absence(THEIRS),), tmp_path)
    assert install_tree((), tmp_path) == ((), ())


def test_a_directory_in_the_way_fails_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "etc/secret").mkdir(parents=True)
    with pytest.raises(HostError, match="is a directory"):
        install_tree(TREE, tmp_path)
    assert read_tree(tmp_path) == {}


def test_a_file_in_the_place_of_a_folder_fails_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/a").write_text("a file\n")
    with pytest.raises(HostError, match="etc/a"):
        install_tree(TREE, tmp_path)
    assert read_tree(tmp_path) == {"/etc/a": File("/etc/a", "a file\n")}


def test_a_failed_run_takes_away_the_folders_that_it_made(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("a file\n")
    with pytest.raises(HostError):
        install_tree((File("/a/deep/er", ""), File("/b/c", "")), tmp_path)
    assert [place.name for place in tmp_path.iterdir()] == ["b"]


def test_leftovers_of_a_killed_run_are_taken_over(tmp_path: Path) -> None:
    (tmp_path / "etc/a").mkdir(parents=True)
    (tmp_path / "etc/a/.b.conf.lvs-new").write_text("half a fi")
    (tmp_path / "etc/a/.link.lvs-new").symlink_to("nowhere")
    install_tree(TREE, tmp_path)
    assert not list(tmp_path.rglob(".*"))
    assert (tmp_path / "etc/a/b.conf").read_text() == "one\n"


def test_a_killed_run_orphans_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(temporary: str, place: str) -> None:
        if place.endswith("secret"):
            raise KeyboardInterrupt
        real(temporary, place)

    real = replace_beside
    with monkeypatch.context() as patch:
        patch.setattr("lvsboot.rooted.replace_beside", killed)
        with pytest.raises(KeyboardInterrupt):
            install_tree((FILE, SECRET), tmp_path)
    assert (tmp_path / "etc/a/b.conf").exists()
    assert install_tree((), tmp_path) == ((Remove(FILE.path, Found.OURS),), ())


@pytest.mark.parametrize("content", ["", "{", '{"version": 2}'])
def test_a_manifest_that_is_not_ours_is_refused(tmp_path: Path, content: str) -> None:
    place = tmp_path / "var/lib/lvs/manifest.json"
    place.parent.mkdir(parents=True)
    place.write_text(content)
    with pytest.raises(HostError, match="move it away"):
        install_tree(TREE, tmp_path)
