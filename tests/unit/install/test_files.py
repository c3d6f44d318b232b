"""Trees on a real file system: atomic, idempotent, and edited files are kept."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.install import transaction
from lvsboot.install.entries import read_entry
from lvsboot.install.files import (
    Found,
    Remove,
    Restore,
    Write,
    install_tree,
    plan_files,
    saved_path,
)
from lvsboot.install.manifest import moved_aside
from lvsboot.install.tree import Entry, File, Link, MovedAside, Tree
from lvsboot.system.atomic import replace_beside
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
    assert change == Write(FILE, Found.UNMANAGED)
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
    tree = (FILE, MovedAside(THEIRS))
    changes, _left = install_tree(tree, tmp_path)
    assert changes == (Write(FILE, Found.NOTHING), Remove(THEIRS, Found.UNMANAGED))
    assert not theirs.exists()
    # `source interfaces.d/*` reads every name but a hidden one.
    assert [place.name for place in theirs.parent.iterdir()] == [".50-cloud-init.lvs-save"]
    assert moved_aside(tmp_path) == (THEIRS,)
    assert install_tree(tree, tmp_path) == ((), ())

    assert install_tree((FILE,), tmp_path) == ((Restore(THEIRS),), ())
    assert theirs.read_bytes() == b"not UTF-8: \xff\n"
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o640
    assert moved_aside(tmp_path) == ()
    assert not list(theirs.parent.glob(".*"))


def test_what_has_come_back_by_itself_is_set_aside_again(tmp_path: Path, theirs: Path) -> None:
    install_tree((MovedAside(THEIRS),), tmp_path)
    theirs.write_text("newer\n")
    assert plan_files((MovedAside(THEIRS),), tmp_path) == (Remove(THEIRS, Found.UNMANAGED),)
    install_tree((MovedAside(THEIRS),), tmp_path)
    install_tree((), tmp_path)
    assert theirs.read_text() == "newer\n"


def test_what_was_never_there_is_not_brought_back(tmp_path: Path) -> None:
    install_tree((MovedAside(THEIRS),), tmp_path)
    assert install_tree((), tmp_path) == ((), ())


def test_a_directory_in_the_way_fails_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "etc/secret").mkdir(parents=True)
    with pytest.raises(HostError, match="is a directory"):
        install_tree(TREE, tmp_path)
    assert read_tree(tmp_path) == {}


@pytest.mark.parametrize(
    "entry", [File("/etc/b", "ours\n"), Link("/etc/b", "x"), MovedAside("/etc/b")]
)
def test_a_directory_in_the_place_of_a_backup_fails_before_anything_is_written(
    tmp_path: Path, entry: Entry | MovedAside
) -> None:
    (tmp_path / "etc/b.lvs-save").mkdir(parents=True)
    (tmp_path / "etc/b").write_text("a person's\n")
    before = read_tree(tmp_path)
    with pytest.raises(HostError, match=r"b\.lvs-save is a directory"):
        install_tree((File("/etc/a", "ours\n"), entry), tmp_path)
    assert read_tree(tmp_path) == before


def test_a_run_that_finds_all_in_place_leaves_no_temporary_of_a_killed_one(tmp_path: Path) -> None:
    """It was killed after the last file, before it wrote the final manifest."""
    install_tree(TREE, tmp_path)
    place = tmp_path / paths.MANIFEST[1:]
    manifest = json.loads(place.read_text())
    manifest["unfinished"] = {path: [digest] for path, digest in manifest["entries"].items()}
    place.write_text(json.dumps(manifest))
    for name in (".manifest.json.former.lvs-new", ".manifest.json.lvs-new"):
        (place.parent / name).write_text("{}")
    install_tree(TREE, tmp_path)
    assert [it.name for it in place.parent.glob(".*")] == []


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
    def killed(temporary: str, place: str, *, dir_fd: int | None = None) -> None:
        if place.endswith("secret"):
            raise KeyboardInterrupt
        real(temporary, place, dir_fd=dir_fd)

    real = replace_beside
    with monkeypatch.context() as patch:
        patch.setattr("lvsboot.install.transaction.replace_beside", killed)
        with pytest.raises(KeyboardInterrupt):
            install_tree((FILE, SECRET), tmp_path)
    assert (tmp_path / "etc/a/b.conf").exists()
    assert install_tree((), tmp_path) == ((Remove(FILE.path, Found.OURS),), ())


def killed_at(root: Path, tree: Tree, name: str) -> None:
    """A run that is killed as it is about to give a file of this name its place."""
    process = os.fork()
    if process == 0:
        real = replace_beside

        def kill(temporary: str, place: str, *, dir_fd: int | None = None) -> None:
            if place == name:
                os._exit(9)
            real(temporary, place, dir_fd=dir_fd)

        setattr(transaction, "replace_beside", kill)  # noqa: B010 - it is another module's
        install_tree(tree, root)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


def versions(text: str) -> Tree:
    return tuple(File(f"/etc/{name}", text) for name in ("first", "last"))


@pytest.mark.parametrize("name", ["manifest.json", "first", "last"])
@pytest.mark.parametrize("third", [versions("three"), versions("two"), versions("one"), ()])
def test_what_a_killed_run_wrote_is_ours_for_a_third_tree(
    tmp_path: Path, name: str, third: Tree
) -> None:
    """Also what it had only begun to write, and what another killed run had begun."""
    install_tree(versions("one"), tmp_path)
    killed_at(tmp_path, (*versions("two"), File("/etc/more/two.conf", "")), name)
    killed_at(tmp_path, (*versions("four"), File("/etc/more/four.conf", "")), name)
    _done, left = install_tree(third, tmp_path)
    assert left == ()
    assert {path: entry for path, entry in read_tree(tmp_path).items() if path[:4] == "/etc"} == {
        entry.path: entry for entry in third
    }
    assert "unfinished" not in (tmp_path / paths.MANIFEST[1:]).read_text()


def test_what_a_person_wrote_over_a_killed_run_is_theirs(tmp_path: Path) -> None:
    install_tree(versions("one"), tmp_path)
    killed_at(tmp_path, versions("two"), "last")
    (tmp_path / "etc/first").write_text("by hand")
    _done, [left] = install_tree(versions("three"), tmp_path)
    assert left == Write(File("/etc/first", "three"), Found.EDITED)


def test_an_old_manifest_is_read(tmp_path: Path) -> None:
    """It lacks the key `unfinished`, as every manifest of a finished run does."""
    install_tree(versions("one"), tmp_path)
    manifest = json.loads((tmp_path / paths.MANIFEST[1:]).read_text())
    assert manifest.keys() == {"version", "entries"}
    assert install_tree(versions("two"), tmp_path)[1] == ()


def marked(text: str) -> Tree:
    return (*versions(text), File(paths.APPLIED_ROLE, f"role {text}"))


@pytest.mark.parametrize("name", ["first", "last", "role.yaml"])
def test_the_mark_of_an_applied_role_is_not_there_half_way(tmp_path: Path, name: str) -> None:
    """Neither the earlier one nor the new one; also for a role that comes back."""
    mark = tmp_path / paths.APPLIED_ROLE[1:]
    install_tree(marked("one"), tmp_path)
    killed_at(tmp_path, marked("two"), name)
    assert not mark.exists()
    install_tree(marked("one"), tmp_path)
    assert mark.read_text() == "role one"


def test_the_mark_is_as_new_as_anything_that_the_role_has(tmp_path: Path) -> None:
    """Another lvsboot writes other units for the same role."""
    install_tree(marked("one"), tmp_path)
    other = (File("/etc/first", "newer"), *marked("one")[1:])
    killed_at(tmp_path, other, "first")
    assert not (tmp_path / paths.APPLIED_ROLE[1:]).exists()
    install_tree(other, tmp_path)
    assert (tmp_path / paths.APPLIED_ROLE[1:]).read_text() == "role one"


def test_the_mark_waits_for_what_is_still_to_be_done(tmp_path: Path) -> None:
    mark = tmp_path / paths.APPLIED_ROLE[1:]
    install_tree(marked("one"), tmp_path)
    for text in ("two", "two", "one"):
        install_tree(marked(text), tmp_path, is_applied=False)
        assert not mark.exists()
        [waiting] = plan_files(marked(text), tmp_path)
        assert (waiting.path, waiting.found) == (paths.APPLIED_ROLE, Found.NOTHING)
    install_tree((File(paths.APPLIED_ROLE, "role one"),), tmp_path, keep_others=True)
    assert mark.read_text() == "role one"
    assert plan_files(marked("one"), tmp_path) == ()


def test_units_alone_leave_the_mark_as_it_is(tmp_path: Path) -> None:
    install_tree(marked("one"), tmp_path)
    install_tree((SECRET,), tmp_path, keep_others=True)
    assert (tmp_path / paths.APPLIED_ROLE[1:]).read_text() == "role one"


def test_both_of_two_edits_are_kept(tmp_path: Path) -> None:
    place, saved = tmp_path / "etc/a/b.conf", tmp_path / saved_path(FILE.path)[1:]
    install_tree((FILE,), tmp_path)
    for text in ("one edit", "another", "another", "a third"):
        place.write_text(text)
        install_tree((FILE,), tmp_path, replace_edited=True)
        assert (saved.read_text(), place.read_text()) == (text, "one\n")
    kept = sorted(saved.parent.glob("*.lvs-save*"))
    assert [it.name.removeprefix(saved.name) for it in kept] == ["", ".1", ".2"]
    assert [it.read_text() for it in kept] == ["a third", "one edit", "another"]


def test_the_newest_of_two_that_were_set_aside_comes_back(theirs: Path, tmp_path: Path) -> None:
    """The earlier one stays under a numbered name."""
    first = theirs.read_bytes()
    install_tree((MovedAside(THEIRS),), tmp_path)
    theirs.write_text("again")
    install_tree((MovedAside(THEIRS),), tmp_path)
    install_tree((), tmp_path)
    assert theirs.read_text() == "again"
    former = tmp_path / f"{saved_path(THEIRS)}.1"[1:]
    assert former.read_bytes() == first
    assert former.name.startswith(".")


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_kept_and_replaced(tmp_path: Path, kind: str) -> None:
    (tmp_path / "etc").mkdir()
    mode = {"pipe": stat.S_IFIFO, "socket": stat.S_IFSOCK, "device": stat.S_IFCHR}[kind]
    try:
        os.mknod(tmp_path / "etc/first", mode | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root can make a device")
    [change, _other] = plan_files(versions("one"), tmp_path)
    assert change.found is Found.UNMANAGED
    assert read_entry(tmp_path, "/etc/first") == File("/etc/first", "", 0o600)
    install_tree(versions("one"), tmp_path)
    assert (tmp_path / "etc/first").read_text() == "one"
    assert stat.S_IFMT((tmp_path / "etc/first.lvs-save").stat().st_mode) == mode


def test_a_folder_that_took_the_place_of_what_goes_is_left(tmp_path: Path) -> None:
    install_tree(versions("one"), tmp_path)
    (tmp_path / "etc/last").unlink()
    (tmp_path / "etc/last/x").mkdir(parents=True)
    assert install_tree(versions("two")[:1], tmp_path)[1] == ()
    assert (tmp_path / "etc/last/x").is_dir()
    assert (tmp_path / "etc/first").read_text() == "two"


def test_a_temporary_in_the_root_is_never_written_through(tmp_path: Path) -> None:
    """Of two images made by `cp -al` each keeps its own."""
    other = tmp_path / "other"
    other.write_text("the other image's")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/.first.lvs-new").hardlink_to(other)
    os.mkfifo(root / "etc/.last.lvs-new")
    install_tree(versions("one"), root)
    assert (other.read_text(), other.stat().st_nlink) == ("the other image's", 1)
    assert not list(root.rglob(".*"))


def test_a_folder_swapped_for_a_link_leads_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However early or late: whatever is written stays below the root."""
    outside = tmp_path / "outside"
    outside.mkdir()
    swaps = 0

    def swapping(call: str) -> None:
        real = getattr(os, call)

        def swapped(*arguments: Any, **options: Any) -> Any:
            nonlocal swaps
            done = real(*arguments, **options)
            etc = tmp_path / str(swaps // 2) / "etc"
            if etc.is_dir() and not etc.is_symlink() and swaps % 2 == 0:
                etc.rename(etc.with_name("moved"))
                etc.symlink_to(outside)
                swaps += 1
            return done

        monkeypatch.setattr(os, call, swapped)

    for call in ("fchmod", "replace", "fsync"):
        with monkeypatch.context():
            swapping(call)
            (tmp_path / str(swaps // 2) / "etc").mkdir(parents=True)
            with suppress(HostError):
                install_tree(versions("one"), tmp_path / str(swaps // 2))
            assert list(outside.iterdir()) == []
        swaps += swaps % 2
    assert swaps == 6


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_folders_can_be_read_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        install_tree(TREE, tmp_path)
    finally:
        os.umask(before)
    folders = {place for place in tmp_path.rglob("*") if place.is_dir()}
    assert {stat.S_IMODE(place.stat().st_mode) for place in folders} == {0o755}


def test_a_link_that_is_not_utf_8_is_one_like_others(tmp_path: Path) -> None:
    (tmp_path / "etc/a").mkdir(parents=True)
    (tmp_path / "etc/a/link").symlink_to(os.fsdecode(b"\xff"))
    name = f"/etc/{os.fsdecode(bytes([255]))}"
    (tmp_path / name[1:]).write_text("theirs")
    install_tree((LINK, MovedAside(name)), tmp_path)
    assert moved_aside(tmp_path) == (name,)
    install_tree((), tmp_path)
    assert (tmp_path / name[1:]).read_text() == "theirs"


BAD_MANIFESTS = [
    *("", "{", "[]", "1", "null", '"text"', "{}", '{"version": 1}', '{"version": 2}', "[" * 100000),
    *('{"version": true, "entries": {}}', '{"version": 1, "entries": []}'),
    *('{"version": 1, "entries": {"/etc/x": 1}}', '{"version": 1, "entries": {"/etc/x": null}}'),
    *('{"version": 1, "entries": {}, "unfinished": []}', '{"version": "1", "entries": {}}'),
    '{"version": 1, "entries": {}, "unfinished": {"/etc/x": []}}',
    '{"version": 1, "entries": {"/etc/x": ""}, "unfinished": {"/etc/x": [1]}}',
    *(
        f'{{"version": 1, "entries": {{"{path}": "0644 x"}}}}'
        for path in (
            "",
            "/",
            "etc/x",
            "..",
            "/..",
            "/../x",
            "/etc/../x",
            "/etc//x",
            "/etc/",
            "/./x",
        )
    ),
    '{"version": 1, "entries": {"/etc/x\\u0000": ""}}',
    '{"version": 1, "entries": {"/etc/\\ud800": ""}}',
]


@pytest.mark.parametrize("content", BAD_MANIFESTS, ids=range(len(BAD_MANIFESTS)))
def test_a_manifest_that_is_not_ours_is_refused(tmp_path: Path, content: str) -> None:
    place = tmp_path / "var/lib/lvs/manifest.json"
    place.parent.mkdir(parents=True)
    place.write_text(content)
    with pytest.raises(HostError, match="move it away"):
        install_tree(TREE, tmp_path)
    assert place.read_text() == content
    assert [it.name for it in tmp_path.iterdir()] == ["var"]


def test_a_manifest_that_is_no_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "var/lib/lvs/manifest.json"
    place.parent.mkdir(parents=True)
    not_utf_8 = tmp_path / "not UTF-8"
    not_utf_8.write_bytes(b"\xff\xfe")
    plants: list[Callable[[], None]] = [
        lambda: os.mkfifo(place),
        place.mkdir,
        lambda: place.symlink_to("/etc/hostname"),
        lambda: place.hardlink_to(not_utf_8),
    ]
    for plant in plants:
        plant()
        with pytest.raises(HostError, match=r"manifest\.json"):
            plan_files(TREE, tmp_path)
        place.rename(tmp_path / f"was-{plants.index(plant)}")
