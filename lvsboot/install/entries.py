"""Reads what is at a path below a root, as an entry or as a digest like the manifest's."""

from __future__ import annotations

import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from lvsboot.errors import HostError
from lvsboot.install.manifest import ASIDE
from lvsboot.install.root_folder import RootFolder
from lvsboot.install.tree import Entry, File, Link, MovedAside
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.textfiles import MAX_BYTES

FOLDER = "a folder"


def entry_digest(entry: Entry | MovedAside) -> str:
    """The digest that the manifest records: a file's mode and SHA-256, or a link's target."""
    match entry:
        case File(text=text, mode=mode):
            return _file_digest(mode, text.encode())
        case Link(target=target):
            return f"-> {target}"
        case MovedAside():
            return ASIDE


def actual_digest(folder: RootFolder, path: str) -> str | None:
    """The digest of what is at `path`; a word for a folder or a device, None for nothing."""
    place = folder.place(path)
    with translate_os_errors("read", place), suppress(FileNotFoundError):
        try:
            with folder.walk(path) as walk:
                if (target := walk.target()) is not None:
                    return f"-> {target}"
                mode = walk.status().st_mode
                if not stat.S_ISREG(mode):
                    return FOLDER if stat.S_ISDIR(mode) else "something else"
                return _file_digest(stat.S_IMODE(mode), walk.read(place, MAX_BYTES) or b"")
        except NotADirectoryError as error:
            raise HostError(f"{place} cannot be: a folder above it is a file") from error
    return None


def read_entry(root: Path, path: str) -> Entry | None:
    """What is at `path`, with bytes that are not UTF-8 replaced; None for nothing.

    A device, a socket or a pipe is read as an empty file.
    """
    with (
        RootFolder(root) as folder,
        translate_os_errors("read", folder.place(path)),
        suppress(FileNotFoundError),
        folder.walk(path) as walk,
    ):
        if (target := walk.target()) is not None:
            return Link(path, target)
        mode = walk.status().st_mode
        is_readable = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        content = walk.read(folder.place(path), MAX_BYTES) if is_readable else b""
        return File(path, (content or b"").decode("utf-8", "replace"), stat.S_IMODE(mode))
    return None


def _file_digest(mode: int, content: bytes) -> str:
    return f"{mode:04o} {sha256(content).hexdigest()}"
