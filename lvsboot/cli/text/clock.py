"""Draws a time of the clock. Prints nothing."""

from __future__ import annotations

import time


def clock_time(seconds: float) -> str:
    """`2026-08-01 12:30:00 +0200`, in the host's zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(seconds))
