"""Words a PermissionError: which file or folder it is about, whose that is, and who may do it."""

from __future__ import annotations

import os

from lvsboot.errors import NotPermittedError


def not_permitted(verb: str, place: str | os.PathLike[str], error: OSError) -> NotPermittedError:
    """`verb` says what was to be done with `place`: read, write or remove."""
    path = os.fspath(place)
    advice = _advice(path, os.geteuid(), is_read=verb == "read")
    return NotPermittedError(f"cannot {verb} {path}: {error.strerror}; {advice}")


def _advice(path: str, caller: int, *, is_read: bool) -> str:
    if caller == 0:
        # protected_regular (proc_sys_fs(5)) keeps root, too, from what another user made in /tmp.
        for place in (path, os.path.dirname(path)):
            if (owner := _owner(place)) not in {None, 0}:
                return f"{place} belongs to user {owner} and must be root's: chown root {place}"
        return "root may not: see lsattr, the mount's options and the unit's sandbox"
    place, owner = _denying(path, caller, is_read=is_read)
    if owner == caller:
        return f"{place} belongs to this user, whom its mode forbids it: chmod u+rwX {place}"
    if owner:
        return f"{place} belongs to user {owner}: run lvsboot as that user"
    return "run lvsboot as root"


def _denying(path: str, caller: int, *, is_read: bool) -> tuple[str, int]:
    """The file, or the nearest folder above it that can be seen, and its owner."""
    place = os.path.dirname(path) or "."
    # To write is to rename within the folder, or to open a lock that is there.
    if os.path.exists(path) and (is_read or os.access(place, os.W_OK, effective_ids=True)):
        place = path
    while (owner := _owner(place)) is None and place not in {"/", "."}:
        place = os.path.dirname(place) or "."
    return place, caller if owner is None else owner


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None
