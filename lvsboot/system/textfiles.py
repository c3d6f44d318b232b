"""Reads and replaces whole files; raises HostError with the path and the reason."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH105, PTH120, PTH123

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from lvsboot.errors import HostError
from lvsboot.system.atomic import (
    discard,
    keep_former,
    make_folders,
    replace_beside,
    sync_directory,
    write_beside,
)
from lvsboot.system.os_errors import translate_os_errors

# 100,000 destinations, twice what any table is known to hold, take 8 MB.
MAX_BYTES = 64 * 1024 * 1024


def read_text(path: str) -> str | None:
    """The text; None where there is no file.

    Bytes that are not UTF-8 are kept: a parser names their line.

    HostError for a file that another user owns or may write.
    """
    with translate_os_errors("read", path):
        try:
            content = read_bytes(path, MAX_BYTES)
        except FileNotFoundError:
            return None
    if len(content) > MAX_BYTES:
        raise HostError(f"{path} is larger than {MAX_BYTES >> 20} MiB: it cannot be a table's")
    return content.decode("utf-8", "surrogateescape")


def read_bytes(path: str, limit: int, *, from_anybody: bool = False) -> bytes:
    """At most `limit` + 1 bytes, so that a file over the limit shows; OSError, HostError as above.

    A named pipe is refused: opening one waits for its writer, perhaps forever.
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
    """Whether it is a pipe that the caller has open: /dev/stdin, or a shell's <(command)."""
    return path == "/dev/stdin" or path.startswith(("/dev/fd/", "/proc/self/fd/"))


def distrust(status: os.stat_result, caller: int, path: str) -> str | None:
    """Why another user than root and `caller` may have written the file; None where none can.

    The opened file's own owner and mode are enough, without those of the folders above it: who may
    write to a folder can only put a file of their own there.
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
    with Staged(path, encode(text)) as staged:
        staged.commit()


def encode(text: str) -> bytes:
    """The reverse of read_text()."""
    return text.encode("utf-8", "surrogateescape")


class Staged:
    """A synced temporary beside `path`, removed on leaving unless it was committed.

    HostError where `path` is neither a regular file nor a link: a rename would replace a device.
    """

    def __init__(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self._path = path
        self._committed = False
        with translate_os_errors("write", path):
            _expect_replaceable(path)
            make_folders(os.path.dirname(path))
            self._temporary = write_beside(path, content, mode)

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            with suppress(OSError):  # the error that led here is the one to report
                discard(self._temporary)

    def commit(self) -> None:
        """Replaces `path` and syncs its folder; to be called once."""
        self._committed = True
        with translate_os_errors("write", self._path):
            replace_beside(self._temporary, self._path)
            sync_directory(os.path.dirname(self._path))


def _expect_replaceable(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise OSError(errno.EINVAL, "not a regular file")


def move_file(path: str, target: str) -> None:
    """Renames `path` to `target`; an existing one is kept as TARGET.1, or by the next number."""
    with translate_os_errors("write", target):
        if os.path.lexists(target):
            keep_former(target)
        os.replace(path, target)
        sync_directory(os.path.dirname(path))


def remove_file(path: str, *, synced: bool = False) -> None:
    """No error where there is no such file. `synced`: a power cut does not bring it back."""
    with translate_os_errors("remove", path):
        discard(path)
        if synced:
            sync_directory(os.path.dirname(path))
