"""Runs the lab's subprocesses: an argument list in, text out, or an error that says why."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path


class LabError(Exception):
    """The lab cannot go on; the message says what failed and where."""


def run(argv: Sequence[str | Path], *, cwd: Path | None = None, timeout: float = 900) -> str:
    """The command's standard output; a failure shows its last lines."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise LabError(f"{words[0]} is not installed: run `make setup`") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{shlex.join(words)}: no end within {timeout:.0f} s") from None
    if done.returncode != 0:
        output = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
        raise LabError(f"{shlex.join(words)}: exit status {done.returncode}\n{output}")
    return done.stdout


def run_as_root(argv: Sequence[str | Path], *, timeout: float = 900) -> str:
    """`run` with root's view of file ownership."""
    return run(as_root(argv), timeout=timeout)


def as_root(argv: Sequence[str | Path]) -> list[str]:
    """The command with root's view of file ownership, for a user by a user namespace."""
    words = [str(word) for word in argv]
    return words if os.geteuid() == 0 else ["mmdebstrap", "--unshare-helper", *words]
