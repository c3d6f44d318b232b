"""The words that several rules share."""

from __future__ import annotations

from collections.abc import Hashable

from lvsboot.problem import Severity
from lvsboot.role.document import Finding, Path
from lvsboot.role.messages import Hint

NETWORK: Path = ("network", "interfaces")
VIPS: Path = ("director", "vips")
SERVICES: Path = ("director", "services")
METHOD: Path = ("director", "method")


def warning(
    path: Path,
    message: str,
    hint: Hint = "",
    *,
    at_key: bool = False,
    conflicts_with: Path | None = None,
    depends_on: tuple[Path, ...] = (),
) -> Finding:
    return Finding(path, message, hint, at_key, Severity.WARNING, conflicts_with, depends_on)


def key_error(
    path: Path,
    message: str,
    hint: Hint = "",
    *,
    conflicts_with: Path | None = None,
    depends_on: tuple[Path, ...] = (),
) -> Finding:
    """One that points at the key: it is the key that is out of place, or that misses another."""
    return Finding(
        path, message, hint, at_key=True, conflicts_with=conflicts_with, depends_on=depends_on
    )


class Uses:
    """Where each value was used first."""

    def __init__(self) -> None:
        self._first: dict[Hashable, Path] = {}

    def again(self, value: Hashable, path: Path) -> Path | None:
        """Notes a use; gives the first one, or None if this is it."""
        first = self._first.setdefault(value, path)
        return None if first == path else first
