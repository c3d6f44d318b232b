"""Brings a root's files to a tree: compares, writes atomically, remembers in the manifest."""

from __future__ import annotations

import errno
import stat
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from lvsboot import paths
from lvsboot.errors import HostError, LvsbootError
from lvsboot.install.manifest import ASIDE, Manifest, manifest_file, read_manifest
from lvsboot.install.root_folder import RootFolder, reading
from lvsboot.install.transaction import FileTransaction
from lvsboot.install.tree import Absence, Entry, File, Link, Tree
from lvsboot.system.textfiles import MAX_BYTES

# Whatever lies there is read, whatever its name ends in; but no program reads hidden files.
_READ_WHOLE = {paths.INTERFACES_D, "/etc/NetworkManager/system-connections"}
# It is there only while all else is as the role wants it: the provisioner compares with it.
_MARK = paths.APPLIED_ROLE
_FOLDER = "a folder"


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


def saved_path(path: str) -> str:
    """Where what stood at `path` is kept; what was kept there before has a number behind that."""
    directory, _, name = path.rpartition("/")
    hidden = "." if directory in _READ_WHOLE else ""
    return f"{directory}/{hidden}{name}{paths.SAVED_SUFFIX}"


def known_paths(root: Path) -> frozenset[str]:
    """Every path that lvsboot has written below `root`, or moved something away from."""
    return frozenset(read_manifest(root).entries)


def set_aside(root: Path) -> tuple[str, ...]:
    """The paths from which something was moved for the role that is in force, sorted."""
    entries = read_manifest(root).entries
    return tuple(sorted(path for path, digest in entries.items() if digest == ASIDE))


def install_tree(
    tree: Tree,
    root: Path,
    *,
    replace_edited: bool = False,
    keep_others: bool = False,
    is_applied: bool = True,
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Brings `root` to `tree`; gives what was changed and what was left, each sorted by path.

    Left is what a person has edited, unless `replace_edited`. What an earlier tree had and this
    one has not is removed, unless `keep_others`. The mark of an applied role goes before anything
    is changed and is written last; with is_applied=False it goes in any case, and is not written.
    """
    with RootFolder(root) as folder:
        known = read_manifest(root)
        changes = _plan(tree, folder, known)
        if keep_others:
            changes = tuple(change for change in changes if isinstance(change, Write))
        left = tuple(change for change in changes if change.found is Found.EDITED)
        left = () if replace_edited else left
        entries = {
            entry.path: _digest(entry)
            for entry in tree
            if not (isinstance(entry, Absence) and entry.for_good)
        }
        # What is left must be known as edited the next time as well.
        entries |= {change.path: known.entries[change.path] for change in left}
        if keep_others:
            entries = {**known.entries, **entries}
        done = tuple(change for change in changes if change not in left)
    mark = next((it for it in tree if it.path == _MARK and isinstance(it, File)), None)
    if not is_applied:
        _withdraw_mark(root)
        done, mark = tuple(change for change in done if change.path != _MARK), None
    elif any(change.path == _MARK for change in left):
        mark = None
    _execute(done, entries, known, root, mark)
    return done, left


def plan_files(tree: Tree, root: Path) -> tuple[Change, ...]:
    """What is to be done so that `root` holds `tree` and nothing of an earlier one; by path."""
    with RootFolder(root) as folder:
        return _plan(tree, folder, read_manifest(root))


def _plan(tree: Tree, folder: RootFolder, known: Manifest) -> tuple[Change, ...]:
    wanted = {entry.path: _digest(entry) for entry in tree}
    actual = {path: _actual_digest(folder, path) for path in {*wanted, *known.entries}}
    changes: list[Change] = []
    for entry in tree:
        if isinstance(entry, Absence):
            if actual[entry.path] not in {None, _FOLDER}:
                changes.append(Remove(entry.path, Found.THEIRS))
        elif actual[entry.path] != wanted[entry.path]:
            found = _found(actual[entry.path], known.digests(entry.path))
            changes.append(Write(entry, found))
    for path in known.entries.keys() - wanted.keys():
        if known.entries[path] == ASIDE:
            if actual[path] is None and _actual_digest(folder, saved_path(path)) is not None:
                changes.append(BringBack(path))
        elif actual[path] not in {None, _FOLDER}:
            changes.append(Remove(path, _found(actual[path], known.digests(path))))
    return tuple(sorted(changes, key=lambda change: change.path))


def _found(actual: str | None, ours: Collection[str]) -> Found:
    if actual is None:
        return Found.NOTHING
    if not ours:
        return Found.THEIRS
    return Found.OURS if actual in ours else Found.EDITED


def _withdraw_mark(root: Path) -> None:
    """A root that cannot be written keeps it: its files are right, or nothing comes of this."""
    with FileTransaction(root) as transaction:
        try:
            transaction.remove(_MARK)
        except HostError as error:
            if getattr(error.__cause__, "errno", None) not in {errno.EROFS, errno.ENOENT}:
                raise
        transaction.sync()


def _execute(
    changes: tuple[Change, ...],
    entries: Mapping[str, str],
    known: Manifest,
    root: Path,
    mark: File | None,
) -> None:
    """Carries out what plan_files() found and writes the manifest.

    What a person wrote is kept beside itself as FILE.lvs-save. Nearly all that can fail does so
    before anything was replaced; a second run completes a killed one.
    """
    final = Manifest(entries)
    with FileTransaction(root) as transaction:
        if not changes and known == final:
            with suppress(LvsbootError):
                transaction.discard_temporaries(paths.MANIFEST)
            return
        for path in (*known.unfinished, paths.MANIFEST):
            transaction.discard_temporaries(path)
        if changes:
            # Until all is in place the manifest names old and new, so that nothing is ever
            # orphaned, and a role that comes instead knows both as ours.
            transaction.announce(manifest_file(known.with_changes(_new_digests(changes), entries)))
            _prepare(changes, mark, transaction)
            _replace(changes, mark, transaction)
        # Also those of a run that was killed between a file and its folder.
        for path in sorted(known.entries.keys() - entries.keys()):
            transaction.remove_empty_folder(path)
        transaction.sync()
        transaction.prepare(manifest_file(final))
        transaction.commit(paths.MANIFEST)
        transaction.sync()


def _new_digests(changes: Iterable[Change]) -> dict[str, str]:
    return {it.path: _digest(it.entry) for it in changes if isinstance(it, Write)}


def _prepare(changes: Iterable[Change], mark: File | None, transaction: FileTransaction) -> None:
    for change in changes:
        if change.found.is_kept:
            transaction.require_no_directory(saved_path(change.path))
        if isinstance(change, Write) and change.path != _MARK:
            transaction.prepare(change.entry)
    if mark is not None:
        transaction.prepare(mark)


def _replace(changes: Iterable[Change], mark: File | None, transaction: FileTransaction) -> None:
    """The mark says that all else is in place: it goes before the first, and comes after the last.

    What a provisioner finds after a power cut must not pass for a role that is in force.
    """
    changes = tuple(changes)
    others = [change for change in changes if change.path != _MARK]
    for change in changes:
        if change.path == _MARK and change.found.is_kept:
            _backup(change.path, transaction)
    if mark is not None or len(others) < len(changes):
        transaction.remove(_MARK)
        transaction.sync()
    for change in others:
        if change.found.is_kept:
            _backup(change.path, transaction)
        match change:
            case Write(entry=entry):
                transaction.commit(entry.path)
            case Remove(path=path):
                transaction.remove(path)
            case BringBack(path=path):
                transaction.restore(saved_path(path), path)
    if mark is not None:
        transaction.sync()
        transaction.commit(_MARK)


def _backup(path: str, transaction: FileTransaction) -> None:
    saved = saved_path(path)
    actual, former = (_actual_digest(transaction.folder, it) for it in (path, saved))
    transaction.backup(path, saved, keep_former_backup=former not in {None, actual})


def _digest(entry: Entry | Absence) -> str:
    match entry:
        case File(text=text, mode=mode):
            return f"{mode:04o} {sha256(text.encode()).hexdigest()}"
        case Link(target=target):
            return f"-> {target}"
        case Absence():
            return ASIDE


def read_entry(root: Path, path: str) -> Entry | None:
    """What stands at `path`, bytes that are not UTF-8 replaced; None for nothing.

    What is neither a file nor a link is an empty file.
    """
    with RootFolder(root) as folder, reading(folder.place(path)):
        try:
            with folder.walk(path) as walk:
                if (target := walk.target()) is not None:
                    return Link(path, target)
                mode = walk.status().st_mode
                is_readable = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
                content = walk.read(folder.place(path), MAX_BYTES) if is_readable else b""
        except FileNotFoundError:
            return None
    return File(path, (content or b"").decode("utf-8", "replace"), stat.S_IMODE(mode))


def _actual_digest(folder: RootFolder, path: str) -> str | None:
    place = folder.place(path)
    with reading(place):
        try:
            with folder.walk(path) as walk:
                if (target := walk.target()) is not None:
                    return f"-> {target}"
                mode = walk.status().st_mode
                if not stat.S_ISREG(mode):
                    return _FOLDER if stat.S_ISDIR(mode) else "something else"
                content = walk.read(place, MAX_BYTES)
        except FileNotFoundError:
            return None
        except NotADirectoryError as error:
            raise HostError(f"{place} cannot be: a folder above it is a file") from error
    return f"{stat.S_IMODE(mode):04o} {sha256(content or b'').hexdigest()}"
