"""Replaces files below a root. Knows no tree and no manifest."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lvsboot.errors import HostError, LvsbootError
from lvsboot.install.root_folder import RootFolder, Walk, reading
from lvsboot.install.tree import Entry, File, Link
from lvsboot.system.atomic import (
    beside,
    discard,
    keep_former,
    link_beside,
    replace_beside,
    write_beside,
)
from lvsboot.system.permission import not_permitted


class FileTransaction:
    """Replaces files in steps: all are written beside their places before the first gets its name.

    So most failures happen while nothing has been replaced. Names last once sync() is through.
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
        """Writes the entry beside its place, in a folder that is made where there is none."""
        self.require_no_directory(entry.path)
        with self._at(entry.path, make=True) as walk:
            match entry:
                case File(text=text, mode=mode):
                    write_beside(walk.name, text.encode(), mode, dir_fd=walk.folder)
                case Link(target=target):
                    link_beside(walk.name, target, dir_fd=walk.folder)
        self._staged.add(entry.path)

    def require_no_directory(self, path: str) -> None:
        """Raises HostError where a folder is in the place of a file, before any is replaced."""
        try:
            with reading(self.folder.place(path)), self._walk(path) as walk:
                if stat.S_ISDIR(walk.status().st_mode):
                    place = self.folder.place(path)
                    raise HostError(f"{place} is a directory: lvsboot has a file to write there")
        except _NothingThereError:
            return

    def announce(self, entry: File) -> None:
        """Puts in place what says what is to be done; a failure before all else takes it back."""
        self.discard_temporaries(entry.path)
        self.prepare(entry)
        with self._at(entry.path) as walk, suppress(FileNotFoundError):
            # A second name: to take it back needs no room on the disk.
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
        """Gives what was prepared for `path` its name."""
        self._begin()
        self._commit(path)

    def _commit(self, path: str) -> None:
        with self._at(path) as walk:
            replace_beside(beside(walk.name), walk.name, dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)
        self._staged.discard(path)

    def remove(self, path: str) -> None:
        """What stands at `path`; nothing may."""
        self._begin()
        with self._at(path) as walk:
            discard(walk.name, dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)

    def remove_empty_folder(self, path: str) -> None:
        """Removes `path`'s folder where it is a unit's, of drop-ins or links, and nothing is left.

        Also one that a killed run has left.
        """
        try:
            with reading(self.folder.place(path)), self._walk(path) as walk:
                folder = walk.folder_path
                if not folder.endswith((".service.d", ".wants")) or walk.names():
                    return
        except _NothingThereError:
            return
        self._remove_folder(folder)
        self._unsynced.discard(folder)

    def backup(self, path: str, saved_path: str, *, keep_former_backup: bool) -> None:
        """Hard-links `path` to its backup and syncs: it exists before `path` is replaced.

        Of two backups both are kept, the former by a number behind its name.
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
        """Puts what was set aside where it came from; nothing may have come there since."""
        self._begin()
        saved = saved_path.rpartition("/")[2]
        with self._at(path) as walk:
            os.rename(saved, walk.name, src_dir_fd=walk.folder, dst_dir_fd=walk.folder)
            self._unsynced.add(walk.folder_path)

    def discard_temporaries(self, path: str) -> None:
        """Removes what a killed run may have left beside `path`."""
        try:
            with writing(self.folder.place(path)), self._walk(path) as walk:
                for temporary in (beside(walk.name), _former(walk.name)):
                    discard(temporary, dir_fd=walk.folder)
        except _NothingThereError:
            return

    def sync(self) -> None:
        """Makes every name that was given, taken or changed until now outlast a power cut."""
        for folder in sorted(self._unsynced):
            with self._at(f"{folder}/.") as walk:
                walk.sync()
        self._unsynced.clear()

    def _begin(self) -> None:
        """Something is replaced: from here on what was announced stays true."""
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
        """At the folder of `path`, errors translated; with `make` it is made if need be."""
        with writing(self.folder.place(path)):
            made: list[str] = []
            try:
                with self.folder.walk(path, made if make else None) as walk:
                    yield walk
            finally:
                self._made += made
                self._unsynced.update(folder.rpartition("/")[0] for folder in made)

    @contextmanager
    def _walk(self, path: str) -> Iterator[Walk]:
        try:
            with self.folder.walk(path) as walk:
                yield walk
        except (FileNotFoundError, NotADirectoryError) as error:
            raise _NothingThereError from error

    @staticmethod
    def _try(step: Callable[[str], None], path: str) -> None:
        """What has failed before is what is to be said."""
        with suppress(LvsbootError):
            step(path)


class _NothingThereError(Exception):
    """There is no such path."""


def _former(name: str) -> str:
    return beside(f"{name}.former")


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Says of what the system refuses which place it was about, and the mend where one is known."""
    try:
        yield
    except PermissionError as error:
        raise not_permitted("write", place, error) from error
    except OSError as error:
        raise HostError(f"cannot write {place}: {error.strerror}") from error
