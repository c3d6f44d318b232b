"""Every system call of a run at which something is written, and the same run killed at one.

`strace -e inject=NAME:signal=KILL:when=N` kills a process as it enters its Nth call of NAME: what
was done before is done, the call itself is not. So the points of a run, one after the other, leave
behind every state that there is on the way.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_OPENED_TO_WRITE = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")
_ASKS = re.compile(r"NLM_F_DUMP|0x300")
# Those that change what other processes, or the next boot, find.
CALLS = (
    "openat", "write", "pwrite64", "ftruncate", "fsync", "sendto", "rename", "renameat",
    "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "symlink", "symlinkat", "link",
    "linkat", "chmod", "fchmod", "fchmodat", "fchown",
)  # fmt: skip
# Of architectures each has some of them.
_SELECTED = ",".join(f"?{call}" for call in CALLS)
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
_DESCRIPTOR = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """The process's `number`th call of `call`; `text` is how strace showed it."""

    call: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.call}#{self.number} {self.text}"


KILLED: dict[str, list[Point]] = {}
"""By verb, what has been tried; printed at the end."""


def write_summary(reporter: pytest.TerminalReporter) -> None:
    for verb, points in KILLED.items():
        distinct = len({(point.call, point.number) for point in points})
        reporter.section(f"{verb}: killed at {distinct} points")
        for point in points:
            reporter.write_line(str(point))


@dataclass(frozen=True, slots=True)
class Run:
    """`prefix` is what goes before strace: a namespace to be in."""

    argv: Sequence[str]
    prefix: Sequence[str] = ()

    def points(self) -> list[Point]:
        """Lets it run to its end; what it writes to its own streams is no point."""
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace"
            self._strace(trace, [], expected=0)
            lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
        seen = Counter[str]()
        points = []
        for line in lines:
            match = _LINE.match(line)
            if match is None:
                continue
            call, text = match.groups()
            seen[call] += 1
            if _writes(call, text):
                points.append(Point(call, seen[call], text))
        return points

    def kill_at(self, point: Point) -> str:
        """What it has said by then.

        Raises AssertionError unless it was that call that the process did not live through.
        """
        with tempfile.TemporaryDirectory() as folder:
            trace = Path(folder) / "trace"
            inject = f"inject={point.call}:signal=KILL:when={point.number}"
            said = self._strace(trace, ["-e", inject], expected=-9)
            lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
        last = next(line for line in reversed(lines) if _LINE.match(line))
        killed = _LINE.match(last)
        assert killed is not None
        assert killed[1] == point.call
        assert _shape(killed[2]) == _shape(point.text)
        return said

    def finish(self) -> str:
        """Undisturbed; what it has said."""
        argv = [*self.prefix, *self.argv]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environment())
        assert done.returncode == 0, done.stderr
        return done.stderr

    def _strace(self, trace: Path, options: Sequence[str], *, expected: int) -> str:
        argv = [
            *self.prefix,
            *("strace", "-o", str(trace), "-s", "60", "-e", f"trace={_SELECTED}"),
            *options,
            *self.argv,
        ]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environment())
        # strace ends as its child did; a shell before it says 137.
        assert done.returncode in {expected, 128 - expected}, done.stderr
        return done.stderr


def _environment() -> dict[str, str]:
    """With which a run makes the same calls each time."""
    return {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


def _writes(call: str, text: str) -> bool:
    if call == "openat":
        return _OPENED_TO_WRITE.search(text) is not None and "/dev/null" not in text
    if call == "sendto":
        return _ASKS.search(text) is None
    if call in {"write", "pwrite64"}:
        descriptor = _DESCRIPTOR.match(text)
        return descriptor is not None and int(descriptor[1]) > 2
    return True


def _shape(text: str) -> str:
    """Without what differs between two runs: numbers, and whether the call returned."""
    return re.sub(r"\d+|\) += .*|\.\.\.|\)$", "", text).split('"')[0]
