"""Caches what is slow to make, by a digest of what it is made from."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.paths import IMAGES
from lab.shell import run_as_root


def digest(texts: Iterable[str] = (), files: Iterable[Path] = ()) -> str:
    """A short digest of these texts and the content, names and modes of these files and trees."""
    total = hashlib.sha256()
    for text in texts:
        total.update(text.encode() + b"\0")
    for path in _regular_files(files):
        total.update(f"{path.name}\0{path.stat().st_mode & 0o111}\0".encode())
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def made(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder of this kind and key; `make` fills it if no run before this one did.

    Older folders of the kind are removed: a QEMU that still runs from one keeps its files open.
    """
    folder = IMAGES / f"{kind}-{key}"
    with lock(kind):
        if folder.is_dir():
            return folder
        # A dot keeps a half-made folder out of use; an interrupted run left it.
        for old in (*IMAGES.glob(f"{kind}-*"), *IMAGES.glob(f".{kind}-*")):
            remove_tree(old)
        unfinished = IMAGES / f".{kind}-{key}"
        unfinished.mkdir()
        make(unfinished)
        unfinished.rename(folder)
    return folder


def remove_tree(path: Path) -> None:
    """Remove a tree whose files may belong to the image's users."""
    if path.exists():
        try:
            shutil.rmtree(path)
        except PermissionError:
            run_as_root(["rm", "-rf", path])


def _regular_files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (entry for entry in path.rglob("*") if "__pycache__" not in entry.parts)
            yield from sorted(entry for entry in inside if entry.is_file())
        else:
            yield path


@contextmanager
def lock(kind: str) -> Iterator[None]:
    """Two runs, or two threads of one, that need the same thing make it once."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (IMAGES / f"{kind}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
