"""Draws changes. Prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    all_steps,
    count_steps,
)
from lvsboot.ipvs.refusals import change_text
from lvsboot.ipvs.rules.format import format_destination_options, format_service

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADDITIONS = (AddService, AddDestination, StartDaemon)
_DELETIONS = (DeleteService, DeleteDestination, StopDaemon)


def changes_text(changes: Sequence[Change]) -> str:
    """One line a step, behind `+`, `~` or `-`; nothing for none."""
    return "".join(f"{_mark(step)} {_change_words(step)}\n" for step in all_steps(changes))


def summary_text(changes: Sequence[Change]) -> str:
    """`2 to add, 1 to change, 0 to remove`, or `no changes`."""
    added, changed, removed = _counts(changes)
    return f"{added} to add, {changed} to change, {removed} to remove" if changes else "no changes"


def done_text(changes: Sequence[Change]) -> str:
    """The same once it is done: `2 added, 1 changed, 0 removed`, or `no changes`."""
    added, changed, removed = _counts(changes)
    return f"{added} added, {changed} changed, {removed} removed" if changes else "no changes"


def _counts(changes: Sequence[Change]) -> tuple[int, int, int]:
    added = sum(count_steps(change) for change in changes if isinstance(change, _ADDITIONS))
    removed = sum(isinstance(change, _DELETIONS) for change in changes)
    return added, sum(map(count_steps, changes)) - added - removed, removed


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
