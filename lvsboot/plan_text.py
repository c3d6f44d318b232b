"""Draws a plan: unified diffs of files, the table's changes, and a summary. Prints nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from lvsboot.commands.plan import FileChange, Plan
from lvsboot.ipvs import text
from lvsboot.tree import Entry, File, Link

_COLORS = {"+": "\033[32m", "-": "\033[31m", "~": "\033[33m", "@": "\033[36m"}
_RESET = "\033[0m"


def plan_text(plan: Plan, *, color: bool = False) -> str:
    """The whole plan; ends with its summary line."""
    lines = [line for change in plan.files for line in _file_lines(change)]
    lines += text.changes_text(plan.table).splitlines()
    if color:
        lines = [_colored(line) for line in lines]
    return "\n".join([*lines, summary_text(plan)]) + "\n"


def summary_text(plan: Plan) -> str:
    """`2 to add, 1 to change, 0 to remove`, files and table together, or `no changes`."""
    if plan.is_empty:
        return "no changes"
    marks = [_mark(change) for change in plan.files]
    marks += [line[0] for line in text.changes_text(plan.table).splitlines()]
    counts = (marks.count(mark) for mark in "+~-")
    return "{} to add, {} to change, {} to remove".format(*counts)


def plan_value(plan: Plan) -> dict[str, object]:
    """The same as JSON's values."""
    return {
        "files": [
            {
                "path": change.change.path,
                "action": _mark(change),
                "edited": change.change.found.is_kept,
                "diff": "\n".join(_file_lines(change)),
            }
            for change in plan.files
        ],
        "table": [
            {"action": line[0], "change": line[2:]}
            for line in text.changes_text(plan.table).splitlines()
        ],
        "unseen": list(plan.unseen),
    }


def _mark(change: FileChange) -> str:
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _file_lines(change: FileChange) -> Iterator[str]:
    path = change.change.path
    before, after = _lines(change.before), _lines(change.after)
    names = (path if change.before else "/dev/null", path if change.after else "/dev/null")
    yield from difflib.unified_diff(before, after, *names, lineterm="")
    if before == after:
        yield f"~ {path}: mode {_mode(change.before)} becomes {_mode(change.after)}"


def _lines(entry: Entry | None) -> list[str]:
    match entry:
        case File(text=content):
            return content.splitlines()
        case Link(target=target):
            return [f"-> {target}"]
        case None:
            return []


def _mode(entry: Entry | None) -> str:
    return f"{entry.mode:04o}" if isinstance(entry, File) else "of a link"


def _colored(line: str) -> str:
    color = _COLORS.get(line[:1])
    return f"{color}{line}{_RESET}" if color else line
