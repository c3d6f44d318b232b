"""Writes one file so that a reader, or a power cut, finds the old or the new and no third.

Every function takes the descriptor of a folder that the paths are relative to, as os.open() does.
"""

from __future__ import annotations

import os

# O_EXCL: whatever stands under the temporary's name, a link, a pipe or a file that has a second
# name elsewhere, is never written to.
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_file(place: str, content: bytes, mode: int = 0o644) -> None:
    """Replaces `place`: temporary, fsync, rename, fsync of the folder. Raises OSError."""
    temporary = write_beside(place, content, mode)
    replace_beside(temporary, place)
    sync_directory(os.path.dirname(place))


def write_beside(place: str, content: bytes, mode: int, *, dir_fd: int | None = None) -> str:
    """The name of a synced temporary in `place`'s own folder; one that is left over is replaced."""
    temporary = beside(place)
    discard(temporary, dir_fd=dir_fd)
    # For nobody else until all of it is there: the mode is given last.
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
    """Gives the temporary its place's name, which lasts when the folder is synced."""
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
    """Makes the names in `directory` last; a rename alone may be lost with the power."""
    # A bare name's folder is the one that the process is in.
    descriptor = os.open(directory or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str, *, dir_fd: int | None = None) -> None:
    """Makes a folder of mode 0755 whatever the umask: other programs read what is in it.

    Not by a chmod behind it: a run killed in between would leave one that nobody can read.
    """
    before = os.umask(0)
    try:
        os.mkdir(path, 0o755, dir_fd=dir_fd)
    finally:
        os.umask(before)


def make_folders(path: str) -> None:
    """The same for `path` and all above it that are missing."""
    if not path or os.path.isdir(path):
        return
    make_folders(os.path.dirname(path))
    try:
        make_folder(path)
    except FileExistsError:
        # Somebody else was faster; but not by a file.
        if not os.path.isdir(path):
            raise


def keep_former(place: str, *, dir_fd: int | None = None) -> None:
    """Gives what stands at `place` a numbered name, PLACE.1 or the next that is free, too.

    Nothing is done where it has one already, as after a run that was killed behind this.
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
    """Not random: what a killed run leaves behind is taken over by the next one."""
    directory, name = os.path.split(place)
    return os.path.join(directory, f".{name}.lvs-new")
