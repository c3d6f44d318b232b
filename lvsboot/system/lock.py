"""A lock between processes by flock(2), which the kernel releases when its holder is killed."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH120

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from lvsboot.errors import HostError
from lvsboot.system.atomic import make_folders
from lvsboot.system.os_errors import translate_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable

Log: TypeAlias = "Callable[[str], None]"

# Less than the units' timeouts, so that a process that gives up can still name the holder.
PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05
# Never through a link, and O_NONBLOCK because opening a named pipe may wait forever.
LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def log_nothing(_sentence: str) -> None:
    """Drops the sentence that names the process which holds the lock."""


class Lock:
    """Locked inside its `with` block; raises HostError where another process keeps it too long."""

    def __init__(
        self,
        place: str,
        verb: str,
        log: Log = log_nothing,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`place` is a file, created if missing, of mode 0600: whoever can open it can lock it."""
        self._place = place
        self._verb = verb
        self._log = log
        self._patience = patience
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = self._open()
        if not _try_lock(self._descriptor):
            self._wait()
        _write_name(self._descriptor, f"{os.getpid()} lvsboot {self._verb}\n")

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def _open(self) -> int:
        return _open(self._place)

    def _wait(self) -> None:
        holder = _holder(self._descriptor)
        self._log(f"waiting for {holder}, which holds {self._place}")
        end = time.monotonic() + self._patience
        while not _try_lock(self._descriptor):
            if time.monotonic() > end:
                holder = _holder(self._descriptor)
                os.close(self._descriptor)
                raise HostError(
                    f"{holder} has held {self._place} for {self._patience:.0f} s: "
                    "wait for it, or end it, and run this again"
                )
            time.sleep(_POLL_SECONDS)


def _open(place: str) -> int:
    directory = os.path.dirname(place)
    with translate_os_errors("write", place):
        make_folders(directory)
        descriptor = os.open(place, LOCK_FLAGS, 0o600)
        owner = os.stat(directory or ".")  # noqa: PTH116
        if os.geteuid() == 0 != owner.st_uid:
            # A unit that runs as another user must be able to open a lock that root made.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_name(descriptor: int, name: str) -> None:
    with suppress(OSError):  # a full disk: the lock is held all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, name.encode(), 0)


def _holder(descriptor: int) -> str:
    """`lvsboot reload (process 42)`."""
    try:
        text = os.pread(descriptor, 200, 0).decode("utf-8", "replace")
    except OSError:
        return "another process"  # a named pipe cannot be read at an offset
    number, _, verb = text.partition(" ")
    return f"{verb.strip()} (process {number})" if verb else "another process"
