"""How a start treats what other programs have changed in the live table. Types only."""

from __future__ import annotations

from enum import StrEnum


class Foreign(StrEnum):
    """Whether services that other programs have added are kept or removed."""

    KEEP = "keep"
    REMOVE = "remove"


class Weights(StrEnum):
    """Whether the rules' weights or the live ones count."""

    DECLARED = "declared"
    KEEP = "keep"
