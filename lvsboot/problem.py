"""Problems in a text, with their positions. Draws nothing and raises nothing.

Named tuples, not dataclasses: the rules are read at every boot, and importing `dataclasses` would
be a third of what a start with three rules costs (docs/decisions/0002).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

STANDARD_INPUT = "<stdin>"
"""What stands for the file's name where standard input is read."""


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Span(NamedTuple):
    """A place in a text: line and column count from 1, length in characters (0: unknown)."""

    line: int
    column: int = 1
    length: int = 0


class Place(NamedTuple):
    """Another position in a problem's text, and its path (`director.vips[0]`)."""

    span: Span
    where: str


class Problem(NamedTuple):
    """One thing to fix.

    `where` is its path in the file (`director.services[0].scheduler`), or empty. `source` is the
    text's line, without its end; None draws no excerpt. `conflicts_with` is the place of the value
    that this one contradicts.
    """

    file: str
    span: Span
    message: str
    where: str = ""
    hint: str = ""
    source: str | None = None
    severity: Severity = Severity.ERROR
    conflicts_with: Place | None = None

    @property
    def order(self) -> tuple[int, int, str]:
        """Sort key: problems are shown in the order of their lines."""
        return (self.span.line, self.span.column, self.message)
