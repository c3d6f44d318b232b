"""Which rules a start loads, which it has loaded, and where save puts the live ones."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH103, PTH108, PTH120, PTH123

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Collection, Iterable
from socket import getservbyname

from lvsboot import paths
from lvsboot.atomic import write_file
from lvsboot.errors import HostError, NotPermittedError
from lvsboot.ipvs.dumps import Shown
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.settled import Known, Unsettled, Wanted, read_wanted, set_aside
from lvsboot.ipvs.table import Protocol, ServiceKey, Table
from lvsboot.light_typing import NamedTuple

# Of what is known; another version may work out other things, another Python write them otherwise.
_KNOWN_FORM = f"1 {sys.implementation.cache_tag}"


class Places(NamedTuple):
    """`origin` holds the digest of the rules that `saved` grew from, as `sha256sum -c` reads it.

    `loading` is what a start is about to load, or was when it was killed: then the services of
    both it and `loaded` are ours.
    """

    rules: str = paths.RULES
    saved: str = paths.SAVED_RULES
    origin: str = paths.SAVED_RULES_ORIGIN
    loaded: str = paths.LOADED_RULES
    loading: str = paths.LOADING_RULES
    known: str = paths.KNOWN_SERVICES


class RulesFile(NamedTuple):
    """`note` says why this file, where that may surprise."""

    path: str
    text: str
    note: str = ""

    def table(self) -> Table:
        """Raises InputError."""
        return parse_rules(self.text, file=self.path, port_of=port_of)

    def wanted(self, known: Known) -> Wanted:
        """The same, but for the services that are known; raises InputError."""
        return read_wanted(self.text, known, file=self.path, port_of=port_of)

    def set_aside(self, wanted: Wanted, shown: Iterable[Shown]) -> Unsettled:
        return set_aside(wanted, shown, file=self.path, port_of=port_of)


def port_of(name: str, protocol: Protocol) -> int | None:
    """A service's port from /etc/services."""
    try:
        return getservbyname(name, protocol)
    except OSError:
        return None


def read_rules(path: str) -> RulesFile:
    """Raises HostError, NotPermittedError."""
    found = _read(path)
    if found is None:
        raise HostError(f"there are no rules: {path} does not exist")
    return RulesFile(path, found)


def choose_rules(places: Places) -> RulesFile:
    """The saved rules while the role's are still what they grew from, else the role's."""
    rules = _read(places.rules)
    saved = _read(places.saved)
    if saved is not None and rules is not None:
        if _read(places.origin) == _origin_line(places.rules, rules):
            return RulesFile(places.saved, saved, f"loading {places.saved}: it was saved")
        note = f"{places.saved} is not loaded: {places.rules} has changed since it was saved"
        return RulesFile(places.rules, rules, note)
    if rules is None:
        raise HostError(f"there are no rules: {places.rules} does not exist")
    return RulesFile(places.rules, rules)


def save_rules(text: str, places: Places) -> None:
    """The origin goes last: were it first, old saved rules would pass for grown from the new."""
    _write(places.saved, text)
    rules = _read(places.rules)
    if rules is not None:
        _write(places.origin, _origin_line(places.rules, rules))


def write_rules(path: str, text: str) -> None:
    _write(path, text)


def loaded_rules(places: Places) -> RulesFile | None:
    text = _read(places.loaded)
    return None if text is None else RulesFile(places.loaded, text)


def loaded_source(loaded: RulesFile, places: Places) -> str | None:
    """The file that what is loaded still is the text of."""
    for path in (places.saved, places.rules):
        if _read(path) == loaded.text:
            return path
    return None


def our_services(places: Places) -> Collection[ServiceKey]:
    """What we have loaded, or were loading when we were killed."""
    ours: set[ServiceKey] = set()
    for path in (places.loaded, places.loading):
        text = _read(path)
        if text is not None:
            ours.update(RulesFile(path, text).table().services)
    return ours


def announce_loading(text: str, places: Places) -> None:
    _write(places.loading, text)


def remember_loaded(text: str, places: Places) -> None:
    if _read(places.loaded) != text:
        _write(places.loaded, text)
    _remove(places.loading)


def forget_loading(places: Places) -> None:
    _remove(places.loading)


def forget_loaded(places: Places) -> None:
    _remove(places.loading)
    _remove(places.loaded)


def read_known(places: Places) -> Known:
    """What an earlier start has worked out; empty if there is nothing, or nothing of use."""
    try:
        with open(places.known, "rb") as file:
            form, known = marshal.load(file)  # noqa: S302 - only we can write there
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    return known if form == _KNOWN_FORM else {}


def remember_known(known: Known, before: Known, places: Places) -> None:
    if known != before:
        _write_bytes(places.known, marshal.dumps((_KNOWN_FORM, dict(known))))


def _origin_line(path: str, text: str) -> str:
    import hashlib  # noqa: PLC0415 - a third of a start's imports, and only for saved rules

    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{digest}  {path}\n"


def _read(path: str) -> str | None:
    """Bytes that are not UTF-8 are kept: the parser says where they stand."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise NotPermittedError(f"cannot read {path}: run lvsboot as root") from error
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error


def _write(path: str, text: str) -> None:
    _write_bytes(path, text.encode("utf-8", "surrogateescape"))


def _write_bytes(path: str, content: bytes) -> None:
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o755, exist_ok=True)
        write_file(path, content)
    except PermissionError as error:
        raise NotPermittedError(f"cannot write {path}: run lvsboot as root") from error
    except OSError as error:
        raise HostError(f"cannot write {path}: {error.strerror}") from error


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HostError(f"cannot remove {path}: {error.strerror}") from error
