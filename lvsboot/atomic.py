"""Writes one file so that a reader, or a power cut, finds the old or the new and no third."""

from __future__ import annotations

import os


def write_file(place: str, content: bytes, mode: int = 0o644) -> None:
    """Replaces `place`: temporary, fsync, rename, fsync of the folder. Raises OSError."""
    temporary = write_beside(place, content, mode)
    replace_beside(temporary, place)
    sync_directory(os.path.dirname(place))


def write_beside(place: str, content: bytes, mode: int) -> str:
    """The name of a synced temporary in `place`'s own folder; one that is left over is replaced."""
    temporary = _beside(place)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        discard(temporary)
        raise
    return temporary


def link_beside(place: str, target: str) -> str:
    """As write_beside(), for a symbolic link to `target`."""
    temporary = _beside(place)
    discard(temporary)
    os.symlink(target, temporary)
    return temporary


def replace_beside(temporary: str, place: str) -> None:
    """Gives the temporary its place's name, which lasts when the folder is synced."""
    try:
        os.replace(temporary, place)
    except OSError:
        discard(temporary)
        raise


def discard(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except FileNotFoundError:
        return


def sync_directory(directory: str) -> None:
    """Makes the names in `directory` last; a rename alone may be lost with the power."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(place: str) -> str:
    """Not random: what a killed run leaves behind is taken over by the next one."""
    directory, name = os.path.split(place)
    return os.path.join(directory, f".{name}.lvs-new")
