"""Paths to the values of a role file, and problems keyed by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lvsboot.problem import Severity
from lvsboot.role.messages import Hint, shortened

Path = tuple[str | int, ...]
"""Keys and list indices from the root to a value."""

Aliases = Mapping[Path, Path]
"""For the path of each alias the path of its anchor."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem keyed by path; role/document.py finds its line.

    `at_key` points at the last key of the path, not at its value. `conflicts_with` is the path of
    the value that this one contradicts. `depends_on` are paths that must be valid for the finding
    to be true, such as the list in which something is missing.
    """

    path: Path
    message: str
    hint: Hint = ""
    at_key: bool = False
    severity: Severity = Severity.ERROR
    conflicts_with: Path | None = None
    depends_on: tuple[Path, ...] = ()


class Written(NamedTuple):
    """Where a path leads in the text; `through` is the outermost alias on the way, if any."""

    path: Path
    through: Path | None = None


def written(path: Path, aliases: Aliases, *, at_key: bool = False) -> Written:
    """Follows the aliases in `path` to where the value is written in the text.

    With `at_key` the last key is meant: if its value is an alias, that one is not followed.
    """
    if not aliases:
        return Written(path)
    position: Path = ()
    through = None
    for i, step in enumerate(path):
        position = (*position, step)
        if position in aliases and not (at_key and i == len(path) - 1):
            through = position if through is None else through
            position = aliases[position]
    return Written(position, through)


def written_once(finding: Finding, aliases: Aliases) -> tuple[Path, bool, str]:
    """Equal for the findings of one mistake, which aliases repeat."""
    path = written(finding.path, aliases, at_key=finding.at_key).path
    return path, finding.at_key, finding.message


def path_text(path: Path) -> str:
    """`('director', 'services', 0)` as `director.services[0]`; a long key is shortened."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step:
            word = shortened(step)
            text += f".{word}" if text else word
    return text
