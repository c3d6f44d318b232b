"""The one door to files below a root: paths are resolved inside it, folder by folder.

Each folder on the way is opened relative to the one before it and never through a link, so that
neither an image's links nor somebody who swaps a folder for a link leads out of the root.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvsboot.errors import HostError
from lvsboot.system.atomic import make_folder
from lvsboot.system.permission import not_permitted
from lvsboot.system.textfiles import MAX_BYTES

_MAX_LINKS = 40  # as many as the kernel follows before ELOOP
# O_PATH: a folder that may be searched but not listed is good enough to pass through.
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NULL_DEVICE = os.makedev(1, 3)


class NotRegularError(HostError):
    """What stands there is a folder, a named pipe or a device: nothing that could be read."""


class RootFolder:
    """A root, held open: what its own path comes to mean in the meantime does not matter."""

    def __init__(self, root: Path) -> None:
        self.path = root
        self._descriptor = -1

    def __enter__(self) -> RootFolder:
        with reading(self.path):
            self._descriptor = os.open(self.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def place(self, path: str) -> Path:
        """How a person finds `path`; for sentences, not for opening."""
        return self.path / path.lstrip("/")

    def status(self) -> os.stat_result:
        return os.fstat(self._descriptor)

    @contextmanager
    def walk(self, path: str, made: list[str] | None = None) -> Iterator[Walk]:
        """At the folder that holds `path`; raises OSError.

        With `made` missing folders are made, and their paths are appended to it.
        """
        with Walk(os.dup(self._descriptor), made) as walk:
            walk.go(path)
            yield walk

    def read_regular(self, path: str, limit: int = MAX_BYTES) -> bytes | None:
        """The regular file that `path` means, its links followed inside the root.

        None where there is nothing, or the null device, by which a file is masked. Raises
        NotRegularError, HostError for more than `limit` bytes, NotPermittedError.
        """
        place = self.place(path)
        with reading(place):
            try:
                with self.walk(path) as walk:
                    walk.follow()
                    return walk.read(place, limit)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted; none where there is no such folder."""
        with reading(self.place(path)):
            try:
                with self.walk(f"{path}/.") as walk:
                    return tuple(sorted(walk.names()))
            except (FileNotFoundError, NotADirectoryError):
                return ()

    def exists(self, path: str) -> bool:
        """Whether `path` means anything, its links followed inside the root."""
        with reading(self.place(path)):
            try:
                with self.walk(path) as walk:
                    walk.follow()
                    walk.status()
            except (FileNotFoundError, NotADirectoryError):
                return False
        return True

    def link_target(self, path: str) -> str | None:
        """Where the link at `path` points; None for what is none."""
        with reading(self.place(path)):
            try:
                with self.walk(path) as walk:
                    return walk.target()
            except (FileNotFoundError, NotADirectoryError):
                return None


class Walk:
    """A folder below the root, and a name in it: (`folder`, `name`) is what system calls take."""

    def __init__(self, descriptor: int, made: list[str] | None = None) -> None:
        self._made = made
        # One for each level: `..` is the level before, whatever has been moved meanwhile.
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
        """The folder's own path below the root, in which no link is left."""
        return "".join(f"/{name}" for _descriptor, name in self._levels[1:])

    def go(self, path: str) -> None:
        """To the folder of `path`, from here or, where it begins with a slash, from the root.

        The last component is not followed.
        """
        if "\0" in path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if path.startswith("/"):
            self._leave(1)
        parts = _parts(path)
        if path.endswith(("/", "/.")):
            parts.append(".")  # what is in the folder
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
        """Goes on to where the link points that has the name, and on from there, to no link."""
        while (target := self.target()) is not None:
            self._count_link()
            self.go(target)

    def target(self) -> str | None:
        try:
            return os.readlink(self.name, dir_fd=self.folder)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return None
            raise

    def status(self) -> os.stat_result:
        """Of what has the name itself, a link or not."""
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def names(self) -> list[str]:
        """In the folder."""
        descriptor = self.open_folder()
        try:
            return os.listdir(descriptor)
        finally:
            os.close(descriptor)

    def open_folder(self) -> int:
        """A descriptor that can be listed and synced."""
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.folder)

    def sync(self) -> None:
        """Makes the folder's names last."""
        descriptor = self.open_folder()
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, place: Path, limit: int) -> bytes | None:
        """At most `limit` bytes of the regular file that has the name; `place` is for errors."""
        # Asked first: to open a device can have effects of its own.
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
        """Goes into the folder `part`; gives the target instead where that is a link."""
        try:
            self._levels.append((os.open(part, _FOLDER, dir_fd=self.folder), part))
        except NotADirectoryError:
            # With O_PATH, O_NOFOLLOW and O_DIRECTORY open(2) says so of a link as well.
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
    """Whether it is the null device; raises NotRegularError for all else but a regular file."""
    if stat.S_ISREG(status.st_mode):
        return False
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL_DEVICE:
        return True
    raise NotRegularError(f"cannot read {place}: it is {kind_text(status.st_mode)}")


def kind_text(mode: int) -> str:
    """`a named pipe`, for sentences."""
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


@contextmanager
def reading(place: Path | str) -> Iterator[None]:
    """Says of what the system refuses which place it was about."""
    try:
        yield
    except PermissionError as error:
        raise not_permitted("read", place, error) from error
    except OSError as error:
        raise HostError(f"cannot read {place}: {error.strerror}") from error


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
