"""One at a time: whoever writes holds a lock, and the kernel takes it from whoever is killed."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH120

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, TypeAlias

from lvsboot.errors import HostError
from lvsboot.system.atomic import make_folders
from lvsboot.system.textfiles import unwritten

if TYPE_CHECKING:
    from collections.abc import Callable

Tell: TypeAlias = "Callable[[str], None]"

# Less than the units' own timeouts: what waits in vain still says for whom.
PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05
# Nobody else's pipe or link in its place: O_NONBLOCK, since a pipe's opening may wait for ever.
LOCK_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def tell_nobody(_sentence: str) -> None:
    """For a caller that has nobody to tell that it waits."""


class Lock:
    """Held from entering to leaving; raises HostError where another one holds on to it."""

    def __init__(
        self,
        place: str,
        verb: str,
        tell: Tell = tell_nobody,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`place` is a file, made if need be. Only its owner can open it: who can, can hold it."""
        self._place = place
        self._verb = verb
        self._tell = tell
        self._patience = patience
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = self._open()
        if not _try_lock(self._descriptor):
            self._wait()
        _leave_name(self._descriptor, f"{os.getpid()} lvsboot {self._verb}\n")

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def _open(self) -> int:
        return _open(self._place)

    def _wait(self) -> None:
        holder = _holder(self._descriptor)
        self._tell(f"waiting for {holder}, which holds {self._place}")
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
    try:
        make_folders(directory)
        # Not readable for others: whoever can open it can hold it.
        descriptor = os.open(place, LOCK_FLAGS, 0o600)
        owner = os.stat(directory or ".")  # noqa: PTH116
        if os.geteuid() == 0 != owner.st_uid:
            # A unit under a user of its own must be able to open what root has made.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise unwritten(place, error) from error
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _leave_name(descriptor: int, name: str) -> None:
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, name.encode(), 0)
    except OSError:
        return  # a full disk: it is held all the same


def _holder(descriptor: int) -> str:
    """`lvsboot reload (process 42)`."""
    try:
        said = os.pread(descriptor, 200, 0).decode("utf-8", "replace")
    except OSError:
        return "another process"  # what has the lock's name is no file
    number, _, verb = said.partition(" ")
    return f"{verb.strip()} (process {number})" if verb else "another process"
