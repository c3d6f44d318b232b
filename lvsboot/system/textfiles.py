"""Reads and replaces whole files, and says what is wrong in a person's words."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH105, PTH108, PTH120, PTH123

from __future__ import annotations

import os
import stat

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.system.atomic import (
    discard,
    keep_former,
    make_folders,
    replace_beside,
    sync_directory,
    write_beside,
)
from lvsboot.system.permission import not_permitted

# 100,000 destinations, twice what any table is known to hold, take 8 MB.
MAX_BYTES = 64 * 1024 * 1024


def read_text(path: str) -> str | None:
    """None where there is no file. Bytes that are not UTF-8 are kept: a parser says where they are.

    What another user may write, or has written, is not trusted: HostError.
    """
    try:
        content = read_bytes(path, MAX_BYTES)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise not_permitted("read", path, error) from error
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise HostError(f"{path} is larger than {MAX_BYTES >> 20} MiB: it cannot be a table's")
    return content.decode("utf-8", "surrogateescape")


def read_bytes(path: str, limit: int, *, from_anybody: bool = False) -> bytes:
    """One byte more than `limit` where there is more; raises OSError, and HostError as above.

    Of a named pipe nothing is read: whoever opens one waits for its writer, perhaps for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISFIFO(status.st_mode) and not _is_own_descriptor(path):
            raise HostError(f"{path} is a named pipe: name a file, or - for standard input")
        if not from_anybody and (reason := distrust(status, os.geteuid(), path)) is not None:
            raise HostError(reason)
        os.set_blocking(descriptor, True)
        return file.read(limit + 1)


def _is_own_descriptor(path: str) -> bool:
    """Whether it is a pipe that the caller holds: /dev/stdin, or a shell's <(command)."""
    return path == "/dev/stdin" or path.startswith(("/dev/fd/", "/proc/self/fd/"))


def distrust(status: os.stat_result, caller: int, path: str) -> str | None:
    """Why what stands there is not done by `caller`; None where it is.

    The opened file's own owner and mode tell, so that the folders on the way need not: whoever
    may write in those can put another file of theirs there, and that is theirs.
    """
    if stat.S_ISCHR(status.st_mode):
        return None
    if status.st_uid not in {0, caller}:
        return (
            f"{path} belongs to user {status.st_uid}, so that it is not trusted: "
            f"read it, and then chown root {path}"
        )
    if status.st_mode & stat.S_IWOTH:
        return f"{path} may be written by everybody, so that it is not trusted: chmod o-w {path}"
    if status.st_mode & stat.S_IWGRP:
        return f"{path} may be written by its group, so that it is not trusted: chmod g-w {path}"
    return None


def write_text(path: str, text: str) -> None:
    write_bytes(path, encode(text))


def encode(text: str) -> bytes:
    """The bytes of which read_text() made the text."""
    return text.encode("utf-8", "surrogateescape")


def write_bytes(path: str, content: bytes) -> None:
    with Staged(path, content) as staged:
        staged.commit()


class Staged:
    """A file that is written, synced and beside its place; it goes unless it is committed."""

    def __init__(self, path: str, content: bytes) -> None:
        self._path = path
        self._committed = False
        try:
            make_folders(os.path.dirname(path))
            self._temporary = write_beside(path, content, 0o644)
        except OSError as error:
            raise unwritten(path, error) from error

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        if self._committed:
            return
        try:
            discard(self._temporary)
        except OSError:
            return  # what failed before this is what is to be said

    def commit(self) -> None:
        """Gives it its name, for good; once."""
        self._committed = True
        try:
            replace_beside(self._temporary, self._path)
            sync_directory(os.path.dirname(self._path))
        except OSError as error:
            raise unwritten(self._path, error) from error


def move_file(path: str, target: str) -> None:
    """What stands at `target` is kept as TARGET.1, or by the next number that is free."""
    try:
        if os.path.lexists(target):
            keep_former(target)
        os.replace(path, target)
        sync_directory(os.path.dirname(path))
    except OSError as error:
        raise unwritten(target, error) from error


def remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise not_permitted("remove", path, error) from error
    except OSError as error:
        raise HostError(f"cannot remove {path}: {error.strerror}") from error


def unwritten(path: str, error: OSError) -> HostError | NotPermittedError:
    if isinstance(error, PermissionError):
        return not_permitted("write", path, error)
    return HostError(f"cannot write {path}: {error.strerror}")
