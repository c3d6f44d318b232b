"""What stands for a fact that could not be read. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Without either flag something is damaged or fails: that is a failure.

    `is_refused`: the caller lacks the permission, and root would see it. `is_moot`: there is
    nothing to look at, as another check reports, or since no systemd runs here.
    """

    reason: str
    is_refused: bool = False
    is_moot: bool = False

    def as_moot(self) -> Unseen:
        """For the checks that need what another check reports as unseen."""
        return replace(self, is_moot=True)


Seen: TypeAlias = _Fact | Unseen
