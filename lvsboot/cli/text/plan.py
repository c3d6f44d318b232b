"""Draws a plan: unified diffs of files, the table's changes, and a summary. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.cli.text import changes as text
from lvsboot.cli.text.line_diff import unified_diff
from lvsboot.cli.text.weights import weight_lines, weights_value
from lvsboot.commands.plan import FileChange, Plan
from lvsboot.commands.real_server import VipChange
from lvsboot.install.tree import Entry, File, Link
from lvsboot.system.printable import printable_text

_MACHINERY = (f"{paths.STATE}/", f"{paths.UNITS}/", paths.VIPS_UP, paths.UDEV_RULES)

_COLORS = {"+": "\033[32m", "-": "\033[31m", "~": "\033[33m", "@": "\033[36m"}
_RESET = "\033[0m"


def plan_text(plan: Plan, *, color: bool = False) -> str:
    """The whole plan: what a person decides about as a diff, and the rest as a line each.

    Ends with its summary, and with why an apply would refuse. What would act on a terminal is
    shown, not sent.
    """
    decided = [change for change in plan.files if _is_decided(change)]
    lines = [line for change in decided for line in _file_lines(change)]
    lines += _machinery_lines(change for change in plan.files if not _is_decided(change))
    lines += text.changes_text(plan.table).splitlines()
    lines += map(_vip_line, plan.vips)
    lines = [printable_text(line) for line in lines]
    if color:
        lines = [_colored(line) for line in lines]
    lines += map(printable_text, weight_lines(plan.weights))
    lines.append(summary_text(plan))
    if plan.refusal is not None:
        lines.append(f"apply would refuse: {plan.refusal}; --allow-removal if that is meant")
    return "\n".join(lines) + "\n"


def summary_text(plan: Plan) -> str:
    """`2 to add, 1 to change, 0 to remove`, files and table together, or `no changes`."""
    if plan.is_empty:
        return "no changes"
    marks = [_mark(change) for change in plan.files]
    marks += [line[0] for line in text.changes_text(plan.table).splitlines()]
    marks += [_vip_line(change)[0] for change in plan.vips]
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
        "addresses": [
            {
                "action": "+" if change.comes else "-",
                "address": str(change.address),
                "interface": change.interface,
            }
            for change in plan.vips
        ],
        "weights": weights_value(plan.weights),
        "weights_damage": plan.weights.damage,
        "refusal": plan.refusal,
        "unseen": list(plan.unseen),
    }


def _is_decided(change: FileChange) -> bool:
    """Whether a person decides over what is in it, as over all that another hand has written.

    Nobody does over our own units and links, nor over what lvsboot remembers.
    """
    if change.change.found.is_kept:
        return True
    if change.change.path.startswith(_MACHINERY):
        return False
    return not any(isinstance(entry, Link) for entry in (change.before, change.after))


def _machinery_lines(changes: Iterable[FileChange]) -> Iterator[str]:
    """A line a path; the links by which several units want one are one line."""
    links: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        path, mark = change.change.path, _mark(change)
        entry = change.after or change.before
        folder, _, name = path.rpartition("/")
        if isinstance(entry, Link) and folder.endswith(".wants"):
            parent, _, wanting = folder.rpartition("/")
            links.setdefault((mark, parent, name), []).append(wanting.removesuffix(".wants"))
        else:
            yield f"{mark} {path}" + (f" -> {entry.target}" if isinstance(entry, Link) else "")
    for (mark, parent, name), wanted_by in links.items():
        units = wanted_by[0] if len(wanted_by) == 1 else f"{{{','.join(wanted_by)}}}"
        yield f"{mark} {parent}/{units}.wants/{name}"


def _vip_line(change: VipChange) -> str:
    return f"{'+' if change.comes else '-'} address {change.address} on {change.interface}"


def _mark(change: FileChange) -> str:
    if change.before is None:
        return "+"
    return "-" if change.after is None else "~"


def _file_lines(change: FileChange) -> Iterator[str]:
    path = change.change.path
    before, after = _lines(change.before), _lines(change.after)
    names = (path if change.before else "/dev/null", path if change.after else "/dev/null")
    if before == after and None not in (change.before, change.after):
        yield f"~ {path}: mode {_mode(change.before)} becomes {_mode(change.after)}"
    elif before == after:
        yield f"{_mark(change)} {path}"  # an empty file, which has no lines to show
    yield from unified_diff(before, after, names)


def _lines(entry: Entry | None) -> list[str]:
    match entry:
        case File(text=content):
            lines = content.split("\n")
            return lines[:-1] if lines[-1] == "" else [*lines, "\\ no newline at the end"]
        case Link(target=target):
            return [f"-> {target}"]
        case None:
            return []


def _mode(entry: Entry | None) -> str:
    return f"{entry.mode:04o}" if isinstance(entry, File) else "of a link"


def _colored(line: str) -> str:
    color = _COLORS.get(line[:1])
    return f"{color}{line}{_RESET}" if color else line
