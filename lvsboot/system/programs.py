"""The one door to other programs: an argv in, standard output out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from lvsboot.errors import HostError, NotPermittedError


def run(argv: Sequence[str]) -> str:
    """Standard output of `argv`; HostError where it is missing or fails, with its own words."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as error:
        raise HostError(f"{argv[0]} is not installed") from error
    except PermissionError as error:
        raise NotPermittedError(f"{argv[0]} may not be run: {error.strerror}") from error
    except OSError as error:
        raise HostError(f"{argv[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit status {done.returncode}"
        raise HostError(f"`{' '.join(argv)}` failed: {said}")
    return done.stdout
