"""The host's paths below a root, and their files replaced there. Knows no tree and no manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvsboot.atomic import discard, link_beside, replace_beside, sync_directory, write_beside
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


class Edits:
    """Replaces files in steps: all are written beside their places before the first gets its name.

    So most failures happen while nothing has been replaced. Names last once sync() is through.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staged: dict[str, tuple[Path, Path]] = {}
        self._made: list[Path] = []
        self._unsynced: set[Path] = set()

    def __enter__(self) -> Edits:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for temporary, _place in self._staged.values():
            discard(str(temporary))
        if kind is not None:
            for directory in reversed(self._made):
                if not any(directory.iterdir()):
                    directory.rmdir()

    def prepare(self, entry: Entry) -> None:
        """Writes the entry beside its place, in a folder that is made where there is none."""
        place = under(self._root, entry.path)
        with _writing(place):
            self._make_folder(place.parent)
            if place.is_dir() and not place.is_symlink():
                raise HostError(f"{place} is a directory: lvsboot has a file to write there")
            self._staged[entry.path] = (_write_beside(entry, place), place)

    def commit(self, path: str) -> None:
        """Gives what was prepared for `path` its name."""
        temporary, place = self._staged.pop(path)
        with _writing(place):
            replace_beside(str(temporary), str(place))
        self._unsynced.add(place.parent)

    def remove(self, path: str) -> None:
        place = under(self._root, path)
        with _writing(place):
            place.unlink(missing_ok=True)
        self._unsynced.add(place.parent)

    def remove_empty_folder(self, path: str) -> None:
        """Removes `path`'s folder where it is a unit's, of drop-ins or links, and nothing is left.

        Also one that a killed run has left.
        """
        folder = under(self._root, path).parent
        if not folder.name.endswith((".service.d", ".wants")) or not folder.is_dir():
            return
        with _writing(folder):
            if any(folder.iterdir()):
                return
            folder.rmdir()
        self._unsynced.discard(folder)
        self._unsynced.add(folder.parent)

    def keep(self, path: str, saved_path: str) -> None:
        """Gives what stands at `path` a second name, which lasts before the first is taken away."""
        place, saved = under(self._root, path), under(self._root, saved_path)
        with _writing(saved):
            saved.unlink(missing_ok=True)
            # A second name, not a move: the place is never empty.
            os.link(place, saved, follow_symlinks=False)
            sync_directory(str(saved.parent))

    def bring_back(self, saved_path: str, path: str) -> None:
        """Puts what was set aside where it came from; nothing may have come there since."""
        saved, place = under(self._root, saved_path), under(self._root, path)
        with _writing(place):
            saved.rename(place)
        self._unsynced.add(place.parent)

    def sync(self) -> None:
        """Makes every name that was given, taken or changed until now outlast a power cut."""
        for folder in sorted(self._unsynced):
            with _writing(folder):
                sync_directory(str(folder))
        self._unsynced.clear()

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        folder.mkdir(mode=0o755)
        self._made.append(folder)
        self._unsynced.add(folder.parent)


def _write_beside(entry: Entry, place: Path) -> Path:
    match entry:
        case File(text=text, mode=mode):
            return Path(write_beside(str(place), text.encode(), mode))
        case Link(target=target):
            return Path(link_beside(str(place), target))


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Says of what the system refuses which place it was about, and the mend where one is known."""
    try:
        yield
    except PermissionError as error:
        message = f"cannot write {place}: {error.strerror}; run lvsboot as root"
        raise NotPermittedError(message) from error
    except OSError as error:
        raise HostError(f"cannot write {place}: {error.strerror}") from error
