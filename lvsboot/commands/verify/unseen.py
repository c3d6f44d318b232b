"""What stands for a fact that could not be read. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True)
class Unseen:
    """`is_refused`: the caller lacks the permission, and root would see it."""

    reason: str
    is_refused: bool = False


Seen: TypeAlias = _Fact | Unseen
