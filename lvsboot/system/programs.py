"""Runs other programs: the only module that starts any."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lvsboot.errors import HostError, NotPermittedError


def run(argv: Sequence[str]) -> str:
    """Standard output of `argv`; HostError with its standard error where it fails."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise HostError(f"{argv[0]} is not installed") from error
    except PermissionError as error:
        raise NotPermittedError(f"{argv[0]} may not be run: {error.strerror}") from error
    except OSError as error:
        raise HostError(f"{argv[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        reason = done.stderr.strip() or f"exit status {done.returncode}"
        raise HostError(f"`{' '.join(argv)}` failed: {reason}")
    return done.stdout
