"""Merges lvsboot's cloud-config into a person's, as cloud-init would with both. Pure.

The person's is the first part and lvsboot's the second, which is merged by
list(prepend)+dict(no_replace,recurse_list). So ours comes first in each list: cloud-init makes one
shell script of runcmd, which a person's `exit` ends, and write_files ends at an entry that fails.
There the first part's scalars silently win; here a scalar that both set, to different values, is a
problem.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from lvsboot.problem import Problem
from lvsboot.render.user_data.document import CloudConfig
from lvsboot.render.user_data.entries import wrong_entries
from lvsboot.render.user_data.switches import switched_off
from lvsboot.role.finding import Path
from lvsboot.role.messages import shown

# How a part is merged into the parts before it. Theirs has none before it, so that cloud-init
# would read the key and not use it.
_MERGE_KEYS = ("merge_how", "merge_type")
# The links to / that proc(5) has for each process, and the one to /run.
_ROOT = re.compile(r"^(/proc/(self|thread-self|[0-9]+)/root)+(?=/|$)")
_RUN = re.compile(r"^/var/run(?=/|$)")


def merge_cloud_config(theirs: CloudConfig, ours: Mapping[str, Any]) -> dict[Any, Any]:
    """Both as one; InputError names every key on which they differ, with the person's line."""
    own = {key: value for key, value in theirs.value.items() if key not in _MERGE_KEYS}
    merged, conflicts = _merged(own, ours, ())
    problems = chain(
        (_conflict(theirs, path, ours) for path in conflicts),
        switched_off(theirs, ours),
        _files(theirs, ours),
        wrong_entries(theirs),
    )
    if error := theirs.error(problems):
        raise error
    return merged


def _merged(
    theirs: Mapping[Any, Any], ours: Mapping[str, Any], path: Path
) -> tuple[dict[Any, Any], list[Path]]:
    merged, conflicts = dict(theirs), list[Path]()
    for key, value in ours.items():
        place = (*path, key)
        if key not in merged:
            merged[key] = value
            continue
        match merged[key], value:
            case list() as first, list():
                merged[key] = [*value, *first]
            case dict() as first, dict():
                merged[key], inner = _merged(first, value, place)
                conflicts += inner
            case first, _ if first != value:
                conflicts.append(place)
    return merged, conflicts


def _conflict(theirs: CloudConfig, path: Path, ours: Mapping[str, Any]) -> Problem:
    value: Any = ours
    for step in path:
        value = value[step]
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "mapping"
        message = f"the role's user-data has a {kind} here, which cannot be merged with this value"
        return theirs.problem(path, message, f"make it a {kind}, or leave the key out")
    written = str(value).lower() if isinstance(value, bool) else str(value)
    message = f"the role's user-data has {written} here"
    return theirs.problem(path, message, "leave the key out, or write the same value")


def _files(theirs: CloudConfig, ours: Mapping[str, Any]) -> Iterator[Problem]:
    """Of two entries of write_files for one path cloud-init writes both, so that theirs stays."""
    own = {entry["path"] for entry in ours.get("write_files", ())}
    entries = theirs.value.get("write_files")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        where: Path = ("write_files", index, "path")
        if not isinstance(entry, dict):
            message = "this entry is no mapping: cloud-init would write none of the files after it"
            yield theirs.problem(where[:2], message, "write path: and content:")
            continue
        path = entry.get("path")
        if path is None:
            continue  # cloud-init warns, and goes on
        if not isinstance(path, str):
            message = f"{shown(path)} is no path: cloud-init would write none of the files after it"
            yield theirs.problem(where, message, "write an absolute path, in quotes")
        elif _from_root(path) in own:
            message = "the role's user-data writes this file"
            yield theirs.problem(where, message, "take the entry out, or write another path")


def _from_root(path: str) -> str:
    """The path as ours are written: cloud-init takes a relative one from /."""
    plain = posixpath.normpath(f"/{path.lstrip('/')}")
    return _RUN.sub("/run", _ROOT.sub("", plain))
