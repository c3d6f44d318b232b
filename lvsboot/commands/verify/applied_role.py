"""Reads the role that verify compares with: the one that was applied last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lvsboot import paths
from lvsboot.commands.verify.results import Result, failure, ok, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.errors import InputError, LvsbootError, NotPermittedError
from lvsboot.install.entries import read_entry
from lvsboot.install.tree import Entry, File, Link
from lvsboot.role.reader import RoleFile, parse_role

VALID, APPLIED = "role.valid", "role.applied"


class AppliedRole(NamedTuple):
    """`file` is None where no role is there, or none is valid."""

    file: RoleFile | None
    results: tuple[Result, ...]


def read_applied_role(root: Path) -> AppliedRole:
    """The role below `root`, and what is wrong with it.

    Where the role file has changed since the last apply, the one that was applied counts.
    """
    try:
        entries = [read_entry(root, path) for path in (paths.ROLE, paths.APPLIED_ROLE)]
    except LvsbootError as error:
        refused = isinstance(error, NotPermittedError)
        return AppliedRole(None, (unseen(VALID, Unseen(str(error), is_refused=refused)),))
    current, applied = map(_text, entries)
    links = [entry for entry in entries if isinstance(entry, Link)]
    if current is None and applied is None:
        if links:
            return AppliedRole(None, (_link(VALID, links[0]),))
        fix = "write the role, then `lvsboot apply`"
        seen = f"there is no {paths.ROLE}: no check could be made"
        return AppliedRole(None, (failure(VALID, seen, "a role file", fix),))
    results = [_link(APPLIED, links[0]) if links else _applied(current, applied)]
    file = None
    for path, text in ((paths.ROLE, current), (paths.APPLIED_ROLE, applied)):
        if text is None or (file is not None and text == file.text):
            continue
        try:
            file = parse_role(text.encode("utf-8", "surrogateescape"), path)
        except InputError as error:
            results.insert(0, _invalid(error))
    if not any(result.id == VALID for result in results):
        results.insert(0, ok(VALID, f"{paths.ROLE} is valid"))
    if file is None:
        first = results[0]
        results[0] = replace(first, seen=f"{first.seen}; no other check could be made")
    return AppliedRole(file, tuple(results))


def _text(entry: Entry | None) -> str | None:
    return entry.text if isinstance(entry, File) else None


def _link(check: str, link: Link) -> Result:
    seen = f"{link.path} is a link to {link.target}"
    fix = "put a copy of the file in place of the link, then `lvsboot apply`"
    return failure(check, seen, "a file, as an apply writes it", fix)


def _applied(current: str | None, applied: str | None) -> Result:
    if applied is None:
        seen = "no role was applied, or an apply was not finished"
    elif current is None:
        seen = f"{paths.ROLE} is gone, and the role that was applied is still in force"
    elif current != applied:
        seen = f"{paths.ROLE} has changed since it was applied"
    else:
        return ok(APPLIED, f"{paths.ROLE} is applied")
    return failure(APPLIED, seen, f"{paths.ROLE} is what was applied last", "`lvsboot apply`")


def _invalid(error: InputError) -> Result:
    first = error.problems[0]
    where = f"{first.where}: " if first.where else ""
    seen = f"{first.file}:{first.span.line}: {where}{first.message}"
    if more := len(error.problems) - 1:
        seen += f" (and {more} more)"
    fix = f"{first.hint or 'fix it'}; `lvsboot validate` shows all problems"
    return failure(VALID, seen, "a role without errors", fix)
