"""What a director does with what others have changed in the live table. Types only."""

from __future__ import annotations

from enum import StrEnum


class Foreign(StrEnum):
    """What becomes of services that others have put into the table."""

    KEEP = "keep"
    REMOVE = "remove"


class Weights(StrEnum):
    """Whether weights that were set live are undone."""

    DECLARED = "declared"
    KEEP = "keep"
