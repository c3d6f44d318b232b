"""Draws changes. Prints nothing."""

from __future__ import annotations

from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    StartDaemon,
    StopDaemon,
)
from lvsboot.ipvs.refusals import change_text
from lvsboot.ipvs.rules.format import format_destination_options, format_service
from lvsboot.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADDITIONS = (AddService, AddDestination, StartDaemon)
_DELETIONS = (DeleteService, DeleteDestination, StopDaemon)


def changes_text(changes: Sequence[Change]) -> str:
    """One line a change, behind `+`, `~` or `-`; nothing for none."""
    return "".join(f"{_mark(change)} {_change_words(change)}\n" for change in changes)


def summary_text(changes: Sequence[Change]) -> str:
    """`2 to add, 1 to change, 0 to remove`, or `no changes`."""
    added, changed, removed = _counts(changes)
    return f"{added} to add, {changed} to change, {removed} to remove" if changes else "no changes"


def done_text(changes: Sequence[Change]) -> str:
    """The same once it is done: `2 added, 1 changed, 0 removed`, or `no changes`."""
    added, changed, removed = _counts(changes)
    return f"{added} added, {changed} changed, {removed} removed" if changes else "no changes"


def _counts(changes: Sequence[Change]) -> tuple[int, int, int]:
    # A boot adds thousands: counted without a call of Python's for each.
    kinds = list(map(type, changes))
    added, removed = (sum(map(kinds.count, those)) for those in (_ADDITIONS, _DELETIONS))
    return added, len(changes) - added - removed, removed


def _mark(change: Change) -> str:
    if isinstance(change, _ADDITIONS):
        return "+"
    return "-" if isinstance(change, _DELETIONS) else "~"


def _change_words(change: Change) -> str:
    """An edit says what was there: a weight that somebody set live is named before it goes."""
    words = change_text(change)
    match change:
        case EditDestination(before=before):
            return f"{words} (was {format_destination_options(before)})"
        case EditService(key=key, before=options):
            return f"{words} (was {format_service(key, options)})"
        case _:
            return words
