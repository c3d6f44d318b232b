"""Reads and replaces whole files, and says what is wrong in a person's words."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH103, PTH105, PTH108, PTH120, PTH123

from __future__ import annotations

import os
import stat

from lvsboot.atomic import discard, replace_beside, sync_directory, write_beside
from lvsboot.errors import HostError, NotPermittedError

# 100,000 destinations, twice what any table is known to hold, take 8 MB.
MAX_BYTES = 64 * 1024 * 1024


def read_text(path: str) -> str | None:
    """None where there is no file. Bytes that are not UTF-8 are kept: a parser says where they are.

    What everybody may write is nobody's word, and refused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        with open(descriptor, "rb") as file:
            mode = os.fstat(descriptor).st_mode
            if is_open_to_all(mode):
                raise HostError(open_to_all_text(path))
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise NotPermittedError(f"cannot read {path}: run lvsboot as root") from error
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise HostError(f"{path} is larger than {MAX_BYTES >> 20} MiB: it cannot be a table's")
    return content.decode("utf-8", "surrogateescape")


def is_open_to_all(mode: int) -> bool:
    return stat.S_ISREG(mode) and bool(mode & stat.S_IWOTH)


def open_to_all_text(path: str) -> str:
    return f"{path} may be written by everybody, so that it is not trusted: chmod o-w {path}"


def write_text(path: str, text: str) -> None:
    write_bytes(path, encode(text))


def encode(text: str) -> bytes:
    """The bytes of which read_text() made the text."""
    return text.encode("utf-8", "surrogateescape")


def write_bytes(path: str, content: bytes) -> None:
    with Staged(path, content) as staged:
        staged.commit()


class Staged:
    """A file that is written, synced and beside its place; it goes unless it is committed."""

    def __init__(self, path: str, content: bytes) -> None:
        self._path = path
        self._committed = False
        try:
            os.makedirs(os.path.dirname(path) or ".", mode=0o755, exist_ok=True)
            self._temporary = write_beside(path, content, 0o644)
        except OSError as error:
            raise unwritten(path, error) from error

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            discard(self._temporary)

    def commit(self) -> None:
        """Gives it its name, for good; once."""
        self._committed = True
        try:
            replace_beside(self._temporary, self._path)
            sync_directory(os.path.dirname(self._path))
        except OSError as error:
            raise unwritten(self._path, error) from error


def move_file(path: str, target: str) -> None:
    try:
        os.replace(path, target)
        sync_directory(os.path.dirname(path))
    except OSError as error:
        raise unwritten(target, error) from error


def remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HostError(f"cannot remove {path}: {error.strerror}") from error


def unwritten(path: str, error: OSError) -> HostError | NotPermittedError:
    if isinstance(error, PermissionError):
        return NotPermittedError(f"cannot write {path}: run lvsboot as root")
    return HostError(f"cannot write {path}: {error.strerror}")
