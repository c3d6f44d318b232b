"""Draws the changes of an installed tree's files, one line a file."""

from __future__ import annotations

from collections.abc import Iterable

from lvsboot.install.files import Change, Remove, saved_path
from lvsboot.system.printable import printable_line


def file_changes_text(changes: Iterable[Change]) -> str:
    """One line a file, `+` written and `-` removed; ends with a newline."""
    return "".join(_change_line(change) for change in changes) or "no changes\n"


def _change_line(change: Change) -> str:
    mark = "-" if isinstance(change, Remove) else "+"
    kept = f"  (what was there: {saved_path(change.path)})" if change.found.is_kept else ""
    return f"{mark} {printable_line(change.path + kept)}\n"
