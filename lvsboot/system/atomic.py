"""Replaces a file atomically: a temporary beside it, fsync, rename, fsync of the folder.

`dir_fd` is the folder that paths are relative to, as os.open() has it.
"""

from __future__ import annotations

import os

# O_EXCL: a link, a pipe or a hard-linked file that has the temporary's name is never written to.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_beside(place: str, content: bytes, mode: int, *, dir_fd: int | None = None) -> str:
    """Writes a synced temporary beside `place`, replacing a leftover one; returns its name."""
    temporary = beside(place)
    discard(temporary, dir_fd=dir_fd)
    # Mode 0600 until the content is complete.
    descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=dir_fd)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        discard(temporary, dir_fd=dir_fd)
        raise
    return temporary


def link_beside(place: str, target: str, *, dir_fd: int | None = None) -> str:
    """As write_beside(), for a symbolic link to `target`."""
    temporary = beside(place)
    discard(temporary, dir_fd=dir_fd)
    os.symlink(target, temporary, dir_fd=dir_fd)
    return temporary


def replace_beside(temporary: str, place: str, *, dir_fd: int | None = None) -> None:
    """Renames the temporary to `place`; durable once the folder is synced."""
    try:
        os.replace(temporary, place, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    except OSError:
        discard(temporary, dir_fd=dir_fd)
        raise


def discard(temporary: str, *, dir_fd: int | None = None) -> None:
    try:
        os.unlink(temporary, dir_fd=dir_fd)
    except FileNotFoundError:
        return


def sync_directory(directory: str) -> None:
    """Syncs a folder: without it a power cut may undo a rename. "" is the working directory."""
    descriptor = os.open(directory or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str, *, dir_fd: int | None = None) -> None:
    """Makes a folder of mode 0755 whatever the umask: other programs read the files in it.

    The umask is cleared, since a run killed between mkdir and chmod would leave it unreadable.
    """
    before = os.umask(0)
    try:
        os.mkdir(path, 0o755, dir_fd=dir_fd)
    finally:
        os.umask(before)


def make_folders(path: str) -> None:
    """As make_folder(), for `path` and its missing parents."""
    if not path or os.path.isdir(path):
        return
    make_folders(os.path.dirname(path))
    try:
        make_folder(path)
    except FileExistsError:
        # Another process made it meanwhile, unless it is a file.
        if not os.path.isdir(path):
            raise


def keep_former(place: str, *, dir_fd: int | None = None) -> None:
    """Hard-links `place` to PLACE.1, or to the next number that is free.

    Does nothing where such a link exists already: a run was killed after making it.
    """
    number = 1
    former = os.stat(place, dir_fd=dir_fd, follow_symlinks=False)
    while True:
        numbered = f"{place}.{number}"
        try:
            os.link(place, numbered, src_dir_fd=dir_fd, dst_dir_fd=dir_fd, follow_symlinks=False)
        except FileExistsError:
            there = os.stat(numbered, dir_fd=dir_fd, follow_symlinks=False)
            if os.path.samestat(there, former):
                return
            number += 1
        else:
            return


def beside(place: str) -> str:
    """The temporary's name, a fixed one, so that a next run replaces what a killed one left."""
    directory, name = os.path.split(place)
    return os.path.join(directory, f".{name}.lvs-new")
