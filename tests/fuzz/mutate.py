"""Feeds mutated roles and rules to the readers, each input within 2 s of work and 512 MB.

An input has a number and is the same at any time. One child process reads many, and is ended by
the kernel where one takes too much; the next child goes on behind it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz import mutations, readers

SECONDS = 2
MEMORY = 512 * 1024 * 1024
# Each reader, and which seeds are mutated for it.
TARGETS = {"read_role": "roles", "read_rules": "rules", "import_rules": "rules"}
_BUSY = mmap.mmap(-1, 8)
_MOST_BROKEN = 20


def mutate_all(seconds: float, folder: Path) -> list[str]:
    """Runs each target for its share of the time; gives the names of inputs that broke one."""
    broken: list[str] = []
    for target, seeds in TARGETS.items():
        until = time.monotonic() + seconds / len(TARGETS)
        number = 0
        while time.monotonic() < until and len(broken) < _MOST_BROKEN:
            number, is_broken = _read_many(target, number, until)
            if is_broken:
                broken.append(f"{target}-{number - 1}")
                folder.mkdir(parents=True, exist_ok=True)
                place = folder / broken[-1]
                place.write_bytes(mutations.mutated(seeds, number - 1))
                print(f"broken: {place}", flush=True)
        print(f"--- mutations for {target}: {number:,}", flush=True)
    return broken


def read_one(target: str, raw: bytes) -> None:
    getattr(readers, target)(raw)


def _read_many(target: str, first: int, until: float) -> tuple[int, bool]:
    """The number to go on with, and whether the one before it broke the reader."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _limit()
            _read_in_child(target, first, until)
            status = 0
        except BaseException:  # noqa: BLE001 - whatever it is, this process ends here
            with contextlib.suppress(MemoryError):
                traceback.print_exc()
        finally:
            os._exit(status)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        print(f"{target}: {signal.Signals(os.WTERMSIG(status)).name}", flush=True)
    return int.from_bytes(_BUSY[:]) + 1, status != 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read_in_child(target: str, number: int, until: float) -> None:
    while time.monotonic() < until:
        _BUSY[:] = number.to_bytes(8)
        raw = mutations.mutated(TARGETS[target], number)
        # Work, not time: another process may have the processor. It ends C code, too.
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        read_one(target, raw)
        signal.setitimer(signal.ITIMER_PROF, 0)
        number += 1
