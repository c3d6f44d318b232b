"""The host's paths below a root, and their files replaced there. Knows no tree and no manifest."""

from __future__ import annotations

import os
from pathlib import Path

from lvsboot.atomic import commit_beside, discard, link_beside, sync_directory, write_beside
from lvsboot.errors import HostError, NotPermittedError
from lvsboot.tree import Entry, File, Link

_MAX_LINKS = 40  # as many as the kernel follows before ELOOP


def under(root: Path, path: str) -> Path:
    """Where the host's `path` lies below `root`, every symlink read as the host would read it.

    The last component is not followed. An image's absolute links must not lead out of the image.
    """
    # As text: a large role's thousands of paths have six components each.
    top = resolved = str(root)
    parts = [part for part in path.split("/") if part]
    links = 0
    while len(parts) > 1:
        part = parts.pop(0)
        if part == "..":
            resolved = os.path.dirname(resolved) if resolved != top else top
            continue
        step = os.path.join(resolved, part)
        if not os.path.islink(step):
            resolved = step
            continue
        links += 1
        if links > _MAX_LINKS:
            raise HostError(f"{path}: too many symbolic links below {root}")
        target = os.readlink(step)
        resolved = top if target.startswith("/") else resolved
        parts = [piece for piece in target.split("/") if piece not in {"", "."}] + parts
    return Path(resolved, parts[0])


class Staging:
    """Writes everything beside its place first: most failures happen before the first rename."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staged: dict[str, tuple[Path, Path]] = {}
        self._made: list[Path] = []

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for temporary, _place in self._staged.values():
            discard(str(temporary))
        if kind is not None:
            for directory in reversed(self._made):
                if not any(directory.iterdir()):
                    directory.rmdir()

    def prepare(self, entry: Entry) -> None:
        place = under(self._root, entry.path)
        try:
            self._make_directory(place.parent)
            if place.is_dir() and not place.is_symlink():
                raise HostError(f"{place} is a directory: lvsboot has a file to write there")
            self._staged[entry.path] = (_write_beside(entry, place), place)
        except OSError as error:
            raise _write_error(place, error) from error

    def commit(self, path: str) -> None:
        temporary, place = self._staged.pop(path)
        try:
            commit_beside(str(temporary), str(place))
        except OSError as error:
            raise _write_error(place, error) from error

    def _make_directory(self, directory: Path) -> None:
        if directory.is_dir():
            return
        self._make_directory(directory.parent)
        directory.mkdir(mode=0o755)
        self._made.append(directory)
        sync_directory(str(directory.parent))


def _write_beside(entry: Entry, place: Path) -> Path:
    match entry:
        case File(text=text, mode=mode):
            return Path(write_beside(str(place), text.encode(), mode))
        case Link(target=target):
            return Path(link_beside(str(place), target))


def remove(place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
        sync_directory(str(place.parent))
    except OSError as error:
        raise _write_error(place, error) from error


def remove_empty_folder(folder: Path) -> None:
    """Removes a unit's folder of drop-ins or links that nothing is left in."""
    if not folder.name.endswith((".service.d", ".wants")) or not folder.is_dir():
        return
    try:
        if not any(folder.iterdir()):
            folder.rmdir()
            sync_directory(str(folder.parent))
    except OSError as error:
        raise _write_error(folder, error) from error


def keep_beside(place: Path, saved: Path) -> None:
    try:
        saved.unlink(missing_ok=True)
        # A second name, not a move: the place is never empty.
        os.link(place, saved, follow_symlinks=False)
    except OSError as error:
        raise _write_error(saved, error) from error


def move_back(saved: Path, place: Path) -> None:
    """Puts what was set aside where it came from; nothing may have come there since."""
    try:
        saved.rename(place)
        sync_directory(str(place.parent))
    except OSError as error:
        raise _write_error(place, error) from error


def _write_error(place: Path, error: OSError) -> HostError | NotPermittedError:
    if isinstance(error, PermissionError):
        return NotPermittedError(f"cannot write {place}: {error.strerror}; run lvsboot as root")
    return HostError(f"cannot write {place}: {error.strerror}")
