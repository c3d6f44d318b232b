"""What several rules share: paths, kinds of findings, and the first use of a value."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from lvsboot.problem import Severity
from lvsboot.role.document import Finding, Path

NETWORK: Path = ("network", "interfaces")
VIPS: Path = ("director", "vips")
SERVICES: Path = ("director", "services")
METHOD: Path = ("director", "method")

warning = partial(Finding, severity=Severity.WARNING)
# The key itself is out of place, or another one is missing beside it.
key_error = partial(Finding, at_key=True)


def method_paths(path: Path) -> tuple[Path, Path]:
    """The methods that a real server inherits; `path` is the real server's."""
    return METHOD, (*path[:3], "method")


class Uses:
    """The path at which each value was used first."""

    def __init__(self) -> None:
        self._first: dict[Hashable, Path] = {}

    def first_use(self, value: Hashable, path: Path) -> Path | None:
        """Notes that `path` uses the value; returns the first path, or None if this is it."""
        first = self._first.setdefault(value, path)
        return None if first == path else first
