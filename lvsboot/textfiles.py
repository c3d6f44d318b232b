"""Reads and replaces whole files, and says what is wrong in a person's words."""

# On the start path, which does without pathlib.
# ruff: noqa: PTH103, PTH105, PTH108, PTH120, PTH123

from __future__ import annotations

import os
import stat

from lvsboot.atomic import sync_directory, write_file
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
    write_bytes(path, text.encode("utf-8", "surrogateescape"))


def write_bytes(path: str, content: bytes) -> None:
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o755, exist_ok=True)
        write_file(path, content)
    except OSError as error:
        raise unwritten(path, error) from error


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
