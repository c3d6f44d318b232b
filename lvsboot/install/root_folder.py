"""Reads files below a root; every path is resolved inside it (walk.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lvsboot.install.walk import Walk
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.textfiles import MAX_BYTES

_MISSING = (FileNotFoundError, NotADirectoryError)


class RootFolder:
    """A root, held open, so that a change to the root's own path has no effect."""

    def __init__(self, root: Path) -> None:
        self.path = root
        self._descriptor = -1

    def __enter__(self) -> RootFolder:
        with translate_os_errors("read", self.path):
            self._descriptor = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def place(self, path: str) -> Path:
        """`path` as a user finds it: for messages, not for opening."""
        return self.path / path.lstrip("/")

    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    @contextmanager
    def walk(self, path: str, made: list[str] | None = None) -> Iterator[Walk]:
        """The folder that holds `path`; raises OSError.

        With `made`, missing folders are made and their paths appended to it.
        """
        with Walk(os.dup(self._descriptor), made) as walk:
            walk.go(path)
            yield walk

    def read_regular(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """The content of a regular file; links are followed inside the root.

        None where nothing exists, or a link to /dev/null masks the file. Raises NotRegularError,
        HostError above `limit` bytes, NotPermittedError.
        """
        place = self.place(path)
        with translate_os_errors("read", place), suppress(*_MISSING), self.walk(path) as walk:
            walk.follow()
            return walk.read(place, limit)
        return None

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted; empty where there is no such folder."""
        place = self.place(path)
        with (
            translate_os_errors("read", place),
            suppress(*_MISSING),
            self.walk(f"{path}/.") as walk,
        ):
            return tuple(sorted(walk.names()))
        return ()

    def exists(self, path: str) -> bool:
        """Whether `path` exists; links are followed inside the root."""
        place = self.place(path)
        with translate_os_errors("read", place), suppress(*_MISSING), self.walk(path) as walk:
            walk.follow()
            walk.status()
            return True
        return False

    def link_target(self, path: str) -> str | None:
        """Where the link at `path` points; None for what is no link."""
        place = self.place(path)
        with translate_os_errors("read", place), suppress(*_MISSING), self.walk(path) as walk:
            return walk.target()
        return None


def read_regular(root: Path, path: str, limit: int = MAX_BYTES) -> bytes | None:
    """As RootFolder.read_regular()."""
    with RootFolder(root) as folder:
        return folder.read_regular(path, limit)


def file_names(root: Path, path: str) -> tuple[str, ...]:
    """As RootFolder.names()."""
    with RootFolder(root) as folder:
        return folder.names(path)


def exists_in_root(root: Path, path: str) -> bool:
    """As RootFolder.exists()."""
    with RootFolder(root) as folder:
        return folder.exists(path)


def link_target(root: Path, path: str) -> str | None:
    """As RootFolder.link_target()."""
    with RootFolder(root) as folder:
        return folder.link_target(path)
