"""One at a time: whoever writes holds a lock, and the kernel takes it from whoever is killed."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH103, PTH120

from __future__ import annotations

import fcntl
import os
import time

from lvsboot.errors import HostError
from lvsboot.light_typing import TYPE_CHECKING, TypeAlias
from lvsboot.textfiles import unwritten

if TYPE_CHECKING:
    from collections.abc import Callable

Tell: TypeAlias = "Callable[[str], None]"

# Less than the units' own timeouts: what waits in vain still says for whom.
PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.05


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
        """`place` is a file, made if need be, or a directory, in which nothing is written."""
        self._place = place
        self._verb = verb
        self._tell = tell
        self._patience = patience
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = _open(self._place)
        if not _is_locked(self._descriptor):
            self._wait()
        if not os.path.isdir(self._place):  # noqa: PTH112
            _leave_name(self._descriptor, f"{os.getpid()} lvsboot {self._verb}\n")

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def _wait(self) -> None:
        holder = _holder(self._descriptor, self._place)
        self._tell(f"waiting for {holder}, which holds {self._place}")
        end = time.monotonic() + self._patience
        while not _is_locked(self._descriptor):
            if time.monotonic() > end:
                holder = _holder(self._descriptor, self._place)
                os.close(self._descriptor)
                raise HostError(
                    f"{holder} has held {self._place} for {self._patience:.0f} s: "
                    "wait for it, or end it, and run this again"
                )
            time.sleep(_POLL_SECONDS)


def _open(place: str) -> int:
    try:
        if os.path.isdir(place):  # noqa: PTH112
            return os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        directory = os.path.dirname(place)
        os.makedirs(directory, mode=0o755, exist_ok=True)
        # Not readable for others: whoever can open it can hold it.
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        owner = os.stat(directory)  # noqa: PTH116
        if os.geteuid() == 0 != owner.st_uid:
            # A unit under a user of its own must be able to open what root has made.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise unwritten(place, error) from error
    return descriptor


def _is_locked(descriptor: int) -> bool:
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


def _holder(descriptor: int, place: str) -> str:
    """`lvsboot reload (process 42)`; of a directory only the kernel knows who holds it."""
    if os.path.isdir(place):  # noqa: PTH112
        inode = str(os.fstat(descriptor).st_ino)
        with open("/proc/locks", encoding="ascii") as locks:  # noqa: PTH123
            for line in locks:
                words = line.split()
                if words[1] == "FLOCK" and words[5].rpartition(":")[2] == inode:
                    return f"process {words[4]}"
        return "another process"
    number, _, verb = os.pread(descriptor, 200, 0).decode("utf-8", "replace").partition(" ")
    return f"{verb.strip()} (process {number})" if verb else "another process"
