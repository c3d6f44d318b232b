"""A run's measurements, printed at its end, and how often it repeats each test."""

from __future__ import annotations

import os

FIGURES: list[str] = []


def figure(text: str) -> None:
    """A line to print at the end, also if all tests passed."""
    FIGURES.append(text)


def cycles() -> int:
    """How often to repeat: CYCLES in the environment, which `make matrix` and `make soak` set."""
    return int(os.environ.get("CYCLES") or 20)
