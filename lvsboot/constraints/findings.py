"""The words that several rules share."""

from __future__ import annotations

from collections.abc import Hashable

from lvsboot.document import Finding, Path, path_text
from lvsboot.problem import Severity


def warning(path: Path, message: str, hint: str = "", *, at_key: bool = False) -> Finding:
    return Finding(path, message, hint, at_key=at_key, severity=Severity.WARNING)


def key_error(path: Path, message: str, hint: str = "") -> Finding:
    """One that points at the key: it is the key that is out of place, or that misses another."""
    return Finding(path, message, hint, at_key=True)


class Uses:
    """Where each value was used first."""

    def __init__(self) -> None:
        self._first: dict[Hashable, Path] = {}

    def again(self, value: Hashable, path: Path) -> str:
        """Notes a use; gives a hint at the first one, or nothing if this is it."""
        first = self._first.setdefault(value, path)
        return "" if first == path else f"first at {path_text(first)}"
