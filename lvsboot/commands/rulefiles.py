"""Chooses the rules that a start loads, and writes those that save keeps."""

from __future__ import annotations

from socket import getservbyname
from typing import NamedTuple

from lvsboot import paths
from lvsboot.errors import HostError, LvsbootError
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Protocol, Table
from lvsboot.system.textfiles import Staged, encode, move_file, read_text, write_text


class StatePaths(NamedTuple):
    """`origin` holds the digests of `saved` and of the rules that it was saved from (sha256sum -c).

    `loading` are the rules that a start is loading, or was when it was killed: then the services
    of both it and `loaded` are ours. `loaded_from` is the source of `loaded` (run_state.py), and
    `stale` an earlier version's file. `weights` are those that a person has set (weight_state.py).
    """

    rules: str = paths.RULES
    saved: str = paths.SAVED_RULES
    origin: str = paths.SAVED_RULES_ORIGIN
    loaded: str = paths.LOADED_RULES
    loaded_from: str = paths.LOADED_FROM
    loading: str = paths.LOADING_RULES
    stale: str = paths.STALE_FINGERPRINTS
    lock: str = paths.TABLE_LOCK
    weights: str = paths.WEIGHTS


class RulesFile(NamedTuple):
    """`note` says why this file was chosen, where that is not the plain case.

    `origin` is for saved rules the digest line of the role's rules that they were saved from.
    `damaged` says why the saved rules are not loaded.
    """

    path: str
    text: str
    note: str = ""
    origin: str = ""
    damaged: str = ""

    def table(self) -> Table:
        """Raises InputError."""
        return parse_rules(self.text, file=self.path, port_of=port_of)


def port_of(name: str, protocol: Protocol) -> int | None:
    """A service's port from /etc/services."""
    try:
        return getservbyname(name, protocol)
    except (OSError, ValueError):  # ValueError: a null or a byte that is not UTF-8.
        return None


def read_rules(path: str) -> RulesFile:
    """Raises HostError, NotPermittedError."""
    found = read_text(path)
    if found is None:
        raise HostError(f"there are no rules: {path} does not exist")
    return RulesFile(path, found)


def choose_rules(places: StatePaths) -> RulesFile:
    """The saved rules while they were saved from the role's present rules, else the role's."""
    declared = read_rules(places.rules)
    try:
        saved = read_text(places.saved)
        if saved is None:
            return declared
        origin = _origin(saved, places)
    except LvsbootError as error:
        return _without_saved(declared, str(error))
    if origin is None:
        return _without_saved(declared, f"{places.saved} is not what was saved there")
    if origin == origin_line(places.rules, declared.text):
        note = f"loading {places.saved}: it was saved"
        return RulesFile(places.saved, saved, note, origin=origin)
    note = f"{places.saved} is not loaded: {places.rules} has changed since it was saved"
    return declared._replace(note=note)


def instead_of_saved(places: StatePaths, reason: str) -> RulesFile:
    """The role's rules in place of saved ones that cannot be loaded."""
    return _without_saved(read_rules(places.rules), reason)


def _without_saved(declared: RulesFile, reason: str) -> RulesFile:
    return declared._replace(note=f"warning: {reason}: loading {declared.path}", damaged=reason)


def move_saved_aside(places: StatePaths) -> str:
    """Rename the saved rules, and return a sentence with their new name."""
    target = f"{places.saved}{paths.SAVED_SUFFIX}"
    try:
        move_file(places.saved, target)
    except LvsbootError as error:
        return f"warning: {places.saved} is still there: {error}"
    return f"what was saved is now {target}"


def save_rules(text: str, origin: str, places: StatePaths) -> None:
    """Write saved.rules and the file with its digests.

    While saved.rules is replaced, the digest file lists old and new, so that either survives a
    crash. On a full disk nothing changes.
    """
    digests = origin + origin_line(places.saved, text)
    try:
        earlier = read_text(places.origin) or ""
    except LvsbootError:
        earlier = ""
    with Staged(places.saved, encode(text)) as staged:
        write_text(places.origin, digests + earlier)
        staged.commit()
    if earlier:
        write_text(places.origin, digests)


def _origin(saved: str, places: StatePaths) -> str | None:
    """The digest line of the rules that these were saved from; None if save did not write them."""
    lines = (read_text(places.origin) or "").splitlines(keepends=True)
    digest = origin_line(places.saved, saved)
    pairs = zip(lines[::2], lines[1::2], strict=False)
    return next((origin for origin, line in pairs if line == digest), None)


def origin_line(path: str, text: str) -> str:
    import hashlib  # noqa: PLC0415 - a third of a start's imports, and only for saved rules

    digest = hashlib.sha256(encode(text)).hexdigest()
    return f"{digest}  {path}\n"
