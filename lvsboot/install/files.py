"""Brings a root's files to a tree: compares, replaces atomically, records it in the manifest."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lvsboot import paths
from lvsboot.errors import HostError, LvsbootError
from lvsboot.install.entries import FOLDER, actual_digest, entry_digest
from lvsboot.install.manifest import ASIDE, Manifest, manifest_file, read_manifest
from lvsboot.install.root_folder import RootFolder
from lvsboot.install.transaction import FileTransaction
from lvsboot.install.tree import Entry, File, MovedAside, Tree

# Programs read every file there, whatever its suffix, but no hidden ones.
_READ_WHOLE = {paths.INTERFACES_D, "/etc/NetworkManager/system-connections"}
# Exists only while all other files are the role's: lvs-provision.service compares with it.
_MARK = paths.APPLIED_ROLE


class Found(Enum):
    """What is at the path of a change."""

    NOTHING = "nothing"
    OURS = "ours"
    EDITED = "edited"  # written by lvsboot, and changed since by somebody else
    UNMANAGED = "unmanaged"  # not written by lvsboot

    @property
    def is_kept(self) -> bool:
        """Whether somebody else wrote it, so that it is kept as FILE.lvs-save."""
        return self in {Found.EDITED, Found.UNMANAGED}


@dataclass(frozen=True, slots=True)
class Write:
    """`entry` is missing, or something else is at its path."""

    entry: Entry
    found: Found

    @property
    def path(self) -> str:
        return self.entry.path


@dataclass(frozen=True, slots=True)
class Remove:
    """`path` was written for an earlier role and is not in this one; or it is to be moved aside."""

    path: str
    found: Found


@dataclass(frozen=True, slots=True)
class Restore:
    """What was moved aside from `path` for an earlier role goes back."""

    path: str

    @property
    def found(self) -> Found:
        return Found.NOTHING


Change = Write | Remove | Restore


def saved_path(path: str) -> str:
    """The backup's path; an earlier backup gets a number behind that."""
    directory, _, name = path.rpartition("/")
    hidden = "." if directory in _READ_WHOLE else ""
    return f"{directory}/{hidden}{name}{paths.SAVED_SUFFIX}"


def install_tree(
    tree: Tree,
    root: Path,
    *,
    replace_edited: bool = False,
    keep_others: bool = False,
    but: Collection[str] = (),
    is_applied: bool = True,
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Brings `root` to `tree`; returns the changes made and those left out, each sorted by path.

    Edited files are left, unless `replace_edited`. What only an earlier tree had is removed, unless
    `keep_others`; then of that only the paths in `but` are. paths.APPLIED_ROLE is removed before
    anything is changed and written last; with is_applied=False it is removed and not written.
    """
    with RootFolder(root) as folder:
        known = read_manifest(root)
        changes = _plan(tree, folder, known)
        if keep_others:
            changes = tuple(
                change for change in changes if isinstance(change, Write) or change.path in but
            )
        left = tuple(change for change in changes if change.found is Found.EDITED)
        left = () if replace_edited else left
        entries = {
            entry.path: entry_digest(entry)
            for entry in tree
            if not (isinstance(entry, MovedAside) and entry.for_good)
        }
        # With their old digests, so that the next run finds them edited again.
        entries |= {change.path: known.entries[change.path] for change in left}
        if keep_others:
            kept = {path: known.entries[path] for path in known.entries.keys() - {*but}}
            entries = {**kept, **entries}
        done = tuple(change for change in changes if change not in left)
    mark = next((entry for entry in tree if entry.path == _MARK and isinstance(entry, File)), None)
    if not is_applied:
        _withdraw_mark(root)
        done, mark = tuple(change for change in done if change.path != _MARK), None
    elif any(change.path == _MARK for change in left):
        mark = None
    _execute(done, entries, known, root, mark)
    return done, left


def plan_files(tree: Tree, root: Path) -> tuple[Change, ...]:
    """The changes that bring `root` to `tree`, sorted by path; none is made."""
    with RootFolder(root) as folder:
        return _plan(tree, folder, read_manifest(root))


def _plan(tree: Tree, folder: RootFolder, known: Manifest) -> tuple[Change, ...]:
    wanted = {entry.path: entry_digest(entry) for entry in tree}
    actual = {path: actual_digest(folder, path) for path in {*wanted, *known.entries}}
    changes: list[Change] = []
    for entry in tree:
        if isinstance(entry, MovedAside):
            if actual[entry.path] not in {None, FOLDER}:
                changes.append(Remove(entry.path, Found.UNMANAGED))
        elif actual[entry.path] != wanted[entry.path]:
            found = _found(actual[entry.path], known.digests(entry.path))
            changes.append(Write(entry, found))
    for path in known.entries.keys() - wanted.keys():
        if known.entries[path] == ASIDE:
            if actual[path] is None and actual_digest(folder, saved_path(path)) is not None:
                changes.append(Restore(path))
        elif actual[path] not in {None, FOLDER}:
            changes.append(Remove(path, _found(actual[path], known.digests(path))))
    return tuple(sorted(changes, key=lambda change: change.path))


def _found(actual: str | None, ours: Collection[str]) -> Found:
    if actual is None:
        return Found.NOTHING
    if not ours:
        return Found.UNMANAGED
    return Found.OURS if actual in ours else Found.EDITED


def _withdraw_mark(root: Path) -> None:
    """Removes the applied role; on a read-only root it stays, since nothing else changes either."""
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
    """Makes the changes and writes the manifest; a second run completes a killed one.

    Others' files are kept as FILE.lvs-save. Almost every failure comes before the first file is
    replaced.
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
            # Meanwhile the manifest lists old and new digests, so that after a crash this role or
            # another one knows both as lvsboot's.
            transaction.announce(manifest_file(known.with_changes(_new_digests(changes), entries)))
            _prepare(changes, mark, transaction)
            _replace(changes, mark, transaction)
        # Also folders that a run left which was killed after removing the file.
        for path in sorted(known.entries.keys() - entries.keys()):
            transaction.remove_empty_folder(path)
        transaction.sync()
        transaction.prepare(manifest_file(final))
        transaction.commit(paths.MANIFEST)
        transaction.sync()


def _new_digests(changes: Iterable[Change]) -> dict[str, str]:
    return {
        change.path: entry_digest(change.entry) for change in changes if isinstance(change, Write)
    }


def _prepare(changes: Iterable[Change], mark: File | None, transaction: FileTransaction) -> None:
    for change in changes:
        if change.found.is_kept:
            transaction.require_no_directory(saved_path(change.path))
        if isinstance(change, Write) and change.path != _MARK:
            transaction.prepare(change.entry)
    if mark is not None:
        transaction.prepare(mark)


def _replace(changes: Iterable[Change], mark: File | None, transaction: FileTransaction) -> None:
    """Replaces the files; the applied role is removed before the first and written after the last.

    So after a power cut lvs-provision.service applies the role again.
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
            case Restore(path=path):
                transaction.restore(saved_path(path), path)
    if mark is not None:
        transaction.sync()
        transaction.commit(_MARK)


def _backup(path: str, transaction: FileTransaction) -> None:
    saved = saved_path(path)
    actual, former = (actual_digest(transaction.folder, place) for place in (path, saved))
    transaction.backup(path, saved, keep_former_backup=former not in {None, actual})
