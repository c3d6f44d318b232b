"""A lock that another process holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.golden import REPOSITORY


@contextmanager
def held_by_another(program: str, place: Path) -> Iterator[subprocess.Popen[str]]:
    """The process of `program`, which prints 1 once it holds the lock of `place`."""
    argv = [sys.executable, "-S", "-uc", program, str(place)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, cwd=REPOSITORY) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        yield holder
        holder.kill()
