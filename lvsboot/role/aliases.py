"""Where a value that an alias repeats was written. Knows paths only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lvsboot.role.composer import Path

Aliases = Mapping[Path, Path]
"""For the path of each alias the path at which its anchor stands."""


class Written(NamedTuple):
    """Where a path leads in the text; `through` is the outermost alias on the way, if any."""

    path: Path
    through: Path | None = None


def written(path: Path, aliases: Aliases, *, at_key: bool = False) -> Written:
    """With `at_key` the place of the last key is meant, which stands before any alias."""
    if not aliases:
        return Written(path)
    place: Path = ()
    through = None
    for i, step in enumerate(path):
        place = (*place, step)
        if place in aliases and not (at_key and i == len(path) - 1):
            through = place if through is None else through
            place = aliases[place]
    return Written(place, through)
