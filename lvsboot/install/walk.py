"""Walks a path folder by folder inside a root, so that no link leads out of it.

Each folder is opened relative to the one before it and never through a link (openat(2),
O_NOFOLLOW): neither an image's links nor a folder swapped for a link leads out of the root.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from lvsboot.errors import HostError
from lvsboot.system.atomic import make_folder

_MAX_LINKS = 40  # as many as the kernel follows before ELOOP
# O_PATH needs only the right to search a folder, not to list it.
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NULL_DEVICE = os.makedev(1, 3)


class NotRegularError(HostError):
    """What is to be read is a folder, a named pipe, a socket or a device."""


class Walk:
    """A folder below the root and a name in it: system calls take `name` and dir_fd=`folder`."""

    def __init__(self, descriptor: int, made: list[str] | None = None) -> None:
        self._made = made
        # One descriptor per level: `..` is the level before, even if folders are moved meanwhile.
        self._levels = [(descriptor, "")]
        self._links = 0
        self.name = "."

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave(0)

    @property
    def folder(self) -> int:
        return self._levels[-1][0]

    @property
    def folder_path(self) -> str:
        """The folder's path below the root, without links."""
        return "".join(f"/{name}" for _descriptor, name in self._levels[1:])

    def go(self, path: str) -> None:
        """Enters the folder of `path`, which starts here or, with a slash, at the root.

        The last component is not followed.
        """
        if "\0" in path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if path.startswith("/"):
            self._leave(1)
        parts = _parts(path)
        if path.endswith(("/", "/.")):
            parts.append(".")  # enter the last folder, too
        while len(parts) > 1:
            part = parts.pop(0)
            if part == "..":
                self._up()
                continue
            target = self._enter(part)
            if target is not None:
                if target.startswith("/"):
                    self._leave(1)
                parts = _parts(target) + parts
        self.name = parts[0] if parts else "."
        if self.name == "..":
            self._up()
            self.name = "."

    def follow(self) -> None:
        """Follows the link that has the name, and any further ones."""
        while (target := self.target()) is not None:
            self._count_link()
            self.go(target)

    def target(self) -> str | None:
        """Where the link points; None for what is no link."""
        try:
            return os.readlink(self.name, dir_fd=self.folder)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return None
            raise

    def status(self) -> os.stat_result:
        """As lstat()."""
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def names(self) -> list[str]:
        """The folder's entries, as os.listdir() has them; raises OSError."""
        descriptor = self.open_folder()
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def open_folder(self) -> int:
        """A descriptor that can be listed and synced."""
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.folder)

    def sync(self) -> None:
        """Syncs the folder."""
        descriptor = self.open_folder()
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, place: Path, limit: int) -> bytes | None:
        """The regular file's content, None for the null device; HostError above `limit` bytes.

        `place` is the path for errors.
        """
        # Checked before opening, since opening a device may have side effects.
        if _is_null(self.status(), place):
            return None
        descriptor = os.open(self.name, _READ, dir_fd=self.folder)
        with open(descriptor, "rb") as file:
            if _is_null(os.fstat(descriptor), place):
                return None
            content = file.read(limit + 1)
        if len(content) > limit:
            raise HostError(f"{place} has more than {limit:,} bytes: that is more than is read")
        return content

    def _enter(self, part: str) -> str | None:
        """Enters the folder `part`; returns the target instead where it is a link."""
        try:
            self._levels.append((os.open(part, _FOLDER, dir_fd=self.folder), part))
        except NotADirectoryError:
            # open(2) with O_PATH, O_NOFOLLOW and O_DIRECTORY reports a link as ENOTDIR, too.
            self._count_link()
            try:
                return os.readlink(part, dir_fd=self.folder)
            except OSError as error:
                if error.errno == errno.EINVAL:
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
                raise
        except FileNotFoundError:
            if self._made is None:
                raise
            make_folder(part, dir_fd=self.folder)
            self._made.append(f"{self.folder_path}/{part}")
            self._levels.append((os.open(part, _FOLDER, dir_fd=self.folder), part))
        return None

    def _count_link(self) -> None:
        self._links += 1
        if self._links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))

    def _up(self) -> None:
        self._leave(max(1, len(self._levels) - 1))

    def _leave(self, level: int) -> None:
        for descriptor, _name in self._levels[level:]:
            os.close(descriptor)
        del self._levels[level:]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]


def _is_null(status: os.stat_result, place: Path) -> bool:
    """Whether it is the null device; NotRegularError for anything else but a regular file."""
    if stat.S_ISREG(status.st_mode):
        return False
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL_DEVICE:
        return True
    raise NotRegularError(f"cannot read {place}: it is {kind_text(status.st_mode)}")


def kind_text(mode: int) -> str:
    """`a named pipe`, for messages."""
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")
