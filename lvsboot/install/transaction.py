"""Replaces files below a root, independent of trees and the manifest."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lvsboot.errors import HostError, LvsbootError
from lvsboot.install.root_folder import RootFolder
from lvsboot.install.tree import Entry, File, Link
from lvsboot.install.walk import Walk
from lvsboot.system.atomic import (
    beside,
    discard,
    keep_former,
    link_beside,
    replace_beside,
    write_beside,
)
from lvsboot.system.os_errors import translate_os_errors

_MISSING = (FileNotFoundError, NotADirectoryError)


class FileTransaction:
    """Replaces files in steps: prepare() writes temporaries, commit() renames, sync() ends.

    With all files prepared before the first commit, most failures come before anything is replaced.
    """

    def __init__(self, root: Path) -> None:
        self.folder = RootFolder(root)
        self._staged: set[str] = set()
        self._made: list[str] = []
        self._unsynced: set[str] = set()
        self._announced: str | None = None

    def __enter__(self) -> FileTransaction:
        self.folder.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            for path in self._staged:
                self._try(self.discard_temporaries, path)
            if kind is not None and self._announced is not None:
                self._try(self._take_back, self._announced)
            if kind is not None:
                for path in reversed(self._made):
                    self._try(self._remove_folder, path)
        finally:
            self.folder.__exit__()

    def prepare(self, entry: Entry) -> None:
        """Writes the entry to a temporary beside its path; makes missing folders."""
        self.require_no_directory(entry.path)
        with self._at(entry.path, make=True) as walk:
            match entry:
                case File(text=text, mode=mode):
                    write_beside(walk.name, text.encode(), mode, dir_fd=walk.folder)
                case Link(target=target):
                    link_beside(walk.name, target, dir_fd=walk.folder)
        self._staged.add(entry.path)

    def require_no_directory(self, path: str) -> None:
        """Raises HostError for a folder at the path of a file, before anything is replaced."""
        place = self.folder.place(path)
        with (
            translate_os_errors("read", place),
            suppress(*_MISSING),
            self.folder.walk(path) as walk,
        ):
            if stat.S_ISDIR(walk.status().st_mode):
                raise HostError(f"{place} is a directory: lvsboot has a file to write there")

    def announce(self, entry: File) -> None:
        """Replaces the file that lists the changes; undone if not one of them is made."""
        self.discard_temporaries(entry.path)
        self.prepare(entry)
        with self._at(entry.path) as walk, suppress(FileNotFoundError):
            # By a hard link, so that undoing it needs no space on the disk.
            former = _former(walk.name)
            os.link(
                walk.name,
                former,
                src_dir_fd=walk.folder,
                dst_dir_fd=walk.folder,
                follow_symlinks=False,
            )
        self._announced = entry.path
        self._commit(entry.path)
        self.sync()

    def commit(self, path: str) -> None:
        """Renames what was prepared to `path`."""
        self._begin()
        self._commit(path)

    def _commit(self, path: str) -> None:
        with self._at(path) as walk:
            replace_beside(beside(walk.name), walk.name, dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)
        self._staged.discard(path)

    def remove(self, path: str) -> None:
        """No error where there is nothing at `path`."""
        self._begin()
        with self._at(path) as walk:
            discard(walk.name, dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)

    def remove_empty_folder(self, path: str) -> None:
        """Removes `path`'s folder if it is a unit's, for drop-ins or links, and empty."""
        folder = ""
        with (
            translate_os_errors("read", self.folder.place(path)),
            suppress(*_MISSING),
            self.folder.walk(path) as walk,
        ):
            if walk.folder_path.endswith((".service.d", ".wants")) and not walk.names():
                folder = walk.folder_path
        if folder:
            self._remove_folder(folder)
            self._unsynced.discard(folder)

    def backup(self, path: str, saved_path: str, *, keep_former_backup: bool) -> None:
        """Hard-links `path` to its backup and syncs: it exists before `path` is replaced.

        An earlier backup gets a number behind its name with keep_former_backup.
        """
        saved = saved_path.rpartition("/")[2]
        with self._at(path) as walk:
            folder = walk.folder
            if keep_former_backup:
                keep_former(saved, dir_fd=folder)
            discard(saved, dir_fd=folder)
            os.link(walk.name, saved, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            walk.sync()

    def restore(self, saved_path: str, path: str) -> None:
        """Moves what was moved aside back; nothing may exist at `path`."""
        self._begin()
        saved = saved_path.rpartition("/")[2]
        with self._at(path) as walk:
            os.rename(saved, walk.name, src_dir_fd=walk.folder, dst_dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)

    def discard_temporaries(self, path: str) -> None:
        """Removes temporaries that a killed run left beside `path`."""
        with (
            translate_os_errors("write", self.folder.place(path)),
            suppress(*_MISSING),
            self.folder.walk(path) as walk,
        ):
            for temporary in (beside(walk.name), _former(walk.name)):
                discard(temporary, dir_fd=walk.folder)

    def sync(self) -> None:
        """Syncs every folder that was changed until now."""
        for folder in sorted(self._unsynced):
            with self._at(f"{folder}/.") as walk:
                walk.sync()
        self._unsynced.clear()

    def _begin(self) -> None:
        """Before the first change: from here on the announced file stays."""
        if self._announced is not None:
            path, self._announced = self._announced, None
            self.discard_temporaries(path)

    def _take_back(self, path: str) -> None:
        with self._at(path) as walk:
            try:
                replace_beside(_former(walk.name), walk.name, dir_fd=walk.folder)
            except FileNotFoundError:
                discard(walk.name, dir_fd=walk.folder)
            walk.sync()

    def _remove_folder(self, path: str) -> None:
        with self._at(path) as walk:
            os.rmdir(walk.name, dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)

    @contextmanager
    def _at(self, path: str, *, make: bool = False) -> Iterator[Walk]:
        """The folder of `path`, errors translated; with `make` missing folders are made."""
        with translate_os_errors("write", self.folder.place(path)):
            made: list[str] = []
            try:
                with self.folder.walk(path, made if make else None) as walk:
                    yield walk
            finally:
                self._made += made
                self._unsynced.update(folder.rpartition("/")[0] for folder in made)

    @staticmethod
    def _try(step: Callable[[str], None], path: str) -> None:
        """Ignores a failure: the error that led here is the one to report."""
        with suppress(LvsbootError):
            step(path)


def _former(name: str) -> str:
    return beside(f"{name}.former")
