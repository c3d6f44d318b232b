"""File names below a root, and which of them survive a power cut."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lvsboot import paths
from lvsboot.install.files import install_tree, saved_path
from lvsboot.install.tree import Entry, File, Link, MovedAside
from tests.golden import read_tree

LINK = Link("/etc/wants/unit", "/lib/unit")
ASIDE = MovedAside("/etc/theirs")
BEFORE: tuple[Entry | MovedAside, ...] = (
    File("/etc/old", ""),
    File("/etc/kept", "one"),
    LINK,
    ASIDE,
)
AFTER = (
    File("/etc/kept", "two"),
    File("/etc/edited", "ours"),
    *(File(f"/etc/many/{number}", "") for number in range(20)),
)


class Names:
    """The names that a run has changed in their folders, and those that a power cut would undo."""

    def __init__(self) -> None:
        self.unsynced: set[str] = set()
        self.syncs = Counter[str]()
        self.taken: dict[str, set[str]] = {}
        """By name, what had not been synced when it was changed last."""
        self.manifests: list[set[str]] = []
        """The same for the manifest, each time."""

    def changed(self, place: str) -> None:
        # A temporary that is there again after a power cut is taken over.
        if place.endswith(".lvs-new"):
            return
        if place.endswith(paths.MANIFEST):
            self.manifests.append(set(self.unsynced))
        self.taken[place] = set(self.unsynced)
        self.unsynced.add(place)

    def synced(self, folder: str) -> None:
        self.syncs[folder] += 1
        self.unsynced -= {place for place in self.unsynced if str(Path(place).parent) == folder}


def place_of(path: str, folder: int | None) -> str:
    """A path that may be relative to a folder's descriptor."""
    return path if folder is None else str(Path(f"/proc/self/fd/{folder}").readlink() / path)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    seen = Names()

    def watch(call: str, which: int) -> None:
        real: Callable[..., Any] = getattr(os, call)

        def watched(*arguments: Any, **options: Any) -> Any:
            done = real(*arguments, **options)
            folder = options.get("dir_fd", options.get("dst_dir_fd"))
            seen.changed(place_of(os.fspath(arguments[which]), folder))
            return done

        monkeypatch.setattr(os, call, watched)

    for call in ("unlink", "mkdir", "rmdir"):
        watch(call, 0)
    for call in ("replace", "rename", "link", "symlink"):
        watch(call, 1)

    real_sync = os.fsync

    def sync(descriptor: int) -> None:
        real_sync(descriptor)
        seen.synced(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fsync", sync)
    return seen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As an earlier role left it, and a person's work in the way of the next one."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/theirs").write_text("theirs")
    install_tree(BEFORE, tmp_path)
    (tmp_path / "etc/edited").write_text("a person's")
    return tmp_path


def test_what_a_manifest_leaves_out_is_gone_for_good(root: Path, names: Names) -> None:
    install_tree(AFTER, root)
    assert len(names.manifests) == 2
    assert names.manifests[-1] == set()
    assert names.unsynced == set()
    # The run has done all that there is to do.
    assert {"etc/old", "etc/theirs", "etc/edited", "etc/many", "etc/wants/unit"} <= {
        place.removeprefix(f"{root}/") for place in names.taken
    }
    assert read_tree(root)["/etc/theirs"] == File("/etc/theirs", "theirs")


def test_nothing_is_changed_before_the_manifest_that_names_it(root: Path, names: Names) -> None:
    install_tree(AFTER, root)
    manifest = f"{root}{paths.MANIFEST}"
    changed = [place for place in names.taken if place not in {manifest, f"{root}/etc/many"}]
    assert changed
    assert not [place for place in changed if manifest in names.taken[place]]


def test_a_persons_work_has_its_second_name_before_it_loses_the_first(
    root: Path, names: Names
) -> None:
    install_tree(AFTER, root)
    saved = f"{root}{saved_path('/etc/edited')}"
    assert Path(saved).read_text() == "a person's"
    assert saved in names.taken
    assert saved not in names.taken[f"{root}/etc/edited"]


def test_a_folder_is_synced_once_for_all_its_files(root: Path, names: Names) -> None:
    install_tree(AFTER, root)
    assert names.syncs[f"{root}/etc/many"] == 1
