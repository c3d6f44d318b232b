"""What a run has measured, for its end, and how often each thing is repeated in it."""

from __future__ import annotations

import os

FIGURES: list[str] = []


def figure(text: str) -> None:
    """A line that is worth reading where all went well, too."""
    FIGURES.append(text)


def cycles() -> int:
    """How often: CYCLES in the environment, as `make matrix` and `make soak` set it."""
    return int(os.environ.get("CYCLES") or 20)
