"""Brings a root's files to a tree: compares, writes atomically, remembers in the manifest."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.rooted import Edits, under
from lvsboot.tree import Absence, Entry, File, Link, Tree

_MANIFEST_VERSION = 1
# Whatever lies there is read, whatever its name ends in; but no program reads hidden files.
_READ_WHOLE = {paths.INTERFACES_D, "/etc/NetworkManager/system-connections"}
_ASIDE = "set aside"


class Found(Enum):
    """What stands in the place of an entry."""

    NOTHING = "nothing"
    OURS = "ours"
    EDITED = "edited"  # we wrote it, and a person has changed it since
    THEIRS = "theirs"  # we never wrote it

    @property
    def is_kept(self) -> bool:
        """Whether it is somebody's work, to be kept as FILE.lvs-save."""
        return self in {Found.EDITED, Found.THEIRS}


@dataclass(frozen=True, slots=True)
class Write:
    """`entry` is missing, or something else stands in its place."""

    entry: Entry
    found: Found

    @property
    def path(self) -> str:
        return self.entry.path


@dataclass(frozen=True, slots=True)
class Remove:
    """We wrote `path` for an earlier role, and this one has no use for it; or it is to be aside."""

    path: str
    found: Found


@dataclass(frozen=True, slots=True)
class BringBack:
    """What was set aside from `path` for an earlier role is nobody's in the way any more."""

    path: str

    @property
    def found(self) -> Found:
        return Found.NOTHING


Change = Write | Remove | BringBack
Manifest = Mapping[str, str]
"""Path to the digest of what we wrote there; a link's digest is its target behind an arrow."""


def saved_path(path: str) -> str:
    """Where what stood at `path` is kept."""
    directory, _, name = path.rpartition("/")
    hidden = "." if directory in _READ_WHOLE else ""
    return f"{directory}/{hidden}{name}{paths.SAVED_SUFFIX}"


def known_paths(root: Path) -> frozenset[str]:
    """Every path that lvsboot has written below `root`, or moved something away from."""
    return frozenset(_read_manifest(root))


def set_aside(root: Path) -> tuple[str, ...]:
    """The paths from which something was moved for the role that is in force, sorted."""
    return tuple(sorted(path for path, digest in _read_manifest(root).items() if digest == _ASIDE))


def install_tree(
    tree: Tree, root: Path, *, replace_edited: bool = False, keep_others: bool = False
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Brings `root` to `tree`; gives what was changed and what was left, each sorted by path.

    Left is what a person has edited, unless `replace_edited`. What an earlier tree had and this
    one has not is removed, unless `keep_others`.
    """
    changes = plan_files(tree, root)
    known = _read_manifest(root)
    if keep_others:
        changes = tuple(change for change in changes if isinstance(change, Write))
    left = tuple(change for change in changes if change.found is Found.EDITED)
    left = () if replace_edited else left
    manifest = {
        entry.path: _digest(entry)
        for entry in tree
        if not (isinstance(entry, Absence) and entry.for_good)
    }
    # What is left must be known as edited the next time as well.
    manifest |= {change.path: known[change.path] for change in left}
    if keep_others:
        manifest = {**known, **manifest}
    done = tuple(change for change in changes if change not in left)
    _execute(done, manifest, root)
    return done, left


def plan_files(tree: Tree, root: Path) -> tuple[Change, ...]:
    """What is to be done so that `root` holds `tree` and nothing of an earlier one; by path."""
    manifest = _read_manifest(root)
    wanted = {entry.path: _digest(entry) for entry in tree}
    actual = {path: _actual_digest(root, path) for path in {*wanted, *manifest}}
    changes: list[Change] = []
    for entry in tree:
        if isinstance(entry, Absence):
            if actual[entry.path] is not None:
                changes.append(Remove(entry.path, Found.THEIRS))
        elif actual[entry.path] != wanted[entry.path]:
            found = _found(actual[entry.path], manifest.get(entry.path))
            changes.append(Write(entry, found))
    for path in manifest.keys() - wanted.keys():
        if manifest[path] == _ASIDE:
            if actual[path] is None and _actual_digest(root, saved_path(path)) is not None:
                changes.append(BringBack(path))
        elif actual[path] is not None:
            changes.append(Remove(path, _found(actual[path], manifest[path])))
    return tuple(sorted(changes, key=lambda change: change.path))


def _found(actual: str | None, ours: str | None) -> Found:
    match actual, ours:
        case None, _:
            return Found.NOTHING
        case _, None:
            return Found.THEIRS
        case _:
            return Found.OURS if actual == ours else Found.EDITED


def _execute(changes: tuple[Change, ...], manifest: Manifest, root: Path) -> None:
    """Carries out what plan_files() found and writes the manifest.

    What a person wrote is kept beside itself as FILE.lvs-save. Nearly all that can fail does so
    before anything was replaced; a second run completes a killed one.
    """
    known = _read_manifest(root)
    if not changes and known == manifest:
        return
    writes = [change.entry for change in changes if isinstance(change, Write)]
    with Edits(root) as edits:
        for entry in writes:
            edits.prepare(entry)
        # Until all is in place the manifest names old and new, so that nothing is ever orphaned.
        both = {**manifest, **known}
        _write_manifest(both, edits)
        for change in changes:
            if change.found.is_kept:
                edits.keep(change.path, saved_path(change.path))
            match change:
                case Write(entry=entry):
                    edits.commit(entry.path)
                case Remove(path=path):
                    edits.remove(path)
                case BringBack(path=path):
                    edits.bring_back(saved_path(path), path)
        # Also those of a run that was killed between a file and its folder.
        for path in sorted(known.keys() - manifest.keys()):
            edits.remove_empty_folder(path)
        edits.sync()
        if manifest != both:
            _write_manifest(manifest, edits)


def _digest(entry: Entry | Absence) -> str:
    match entry:
        case File(text=text, mode=mode):
            return f"{mode:04o} {sha256(text.encode()).hexdigest()}"
        case Link(target=target):
            return f"-> {target}"
        case Absence():
            return _ASIDE


def read_entry(root: Path, path: str) -> Entry | None:
    """What stands at `path`, bytes that are not UTF-8 replaced; None for nothing."""
    place = under(root, path)
    try:
        if place.is_symlink():
            return Link(path, str(place.readlink()))
        mode = stat.S_IMODE(place.stat().st_mode)
        return File(path, place.read_text(encoding="utf-8", errors="replace"), mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"cannot read {place}: {error.strerror}") from error


def _actual_digest(root: Path, path: str) -> str | None:
    place = under(root, path)
    try:
        status = place.lstat()
        if stat.S_ISLNK(status.st_mode):
            return f"-> {place.readlink()}"
        if not stat.S_ISREG(status.st_mode):
            return "something else"
        content = place.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise HostError(f"{place} cannot be: a folder above it is a file") from error
    except OSError as error:
        raise HostError(f"cannot read {place}: {error.strerror}") from error
    return f"{stat.S_IMODE(status.st_mode):04o} {sha256(content).hexdigest()}"


def _write_manifest(manifest: Manifest, edits: Edits) -> None:
    """So that it lasts, as all that was edited before it."""
    value = {"version": _MANIFEST_VERSION, "entries": dict(sorted(manifest.items()))}
    edits.prepare(File(paths.MANIFEST, json.dumps(value, indent=2) + "\n"))
    edits.commit(paths.MANIFEST)
    edits.sync()


def _read_manifest(root: Path) -> Manifest:
    place = under(root, paths.MANIFEST)
    try:
        value = json.loads(place.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise HostError(f"cannot read {place}: {error.strerror}") from error
    except ValueError as error:
        raise HostError(f"{place} is not lvsboot's manifest ({error}); move it away") from error
    if value.get("version") != _MANIFEST_VERSION:
        raise HostError(f"{place} was written by another version of lvsboot; move it away")
    entries: dict[str, str] = value["entries"]
    return entries
