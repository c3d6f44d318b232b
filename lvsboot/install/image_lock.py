"""The lock on an unpacked image: a file in it of mode 0600, removed afterwards."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.install.root_folder import RootFolder
from lvsboot.system.lock import LOCK_FLAGS, PATIENCE_SECONDS, Lock, Log, log_nothing
from lvsboot.system.os_errors import translate_os_errors


class ImageLock(Lock):
    """Locked inside its `with` block; raises HostError where another process keeps it too long.

    Not a lock on the image's own folder: anybody who can open that can take it, flock(2).
    """

    def __init__(
        self,
        root: Path,
        verb: str,
        log: Log = log_nothing,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._root = RootFolder(root)
        self._made: list[str] = []
        self._is_file = True
        super().__init__(str(self._root.place(paths.IMAGE_LOCK)), verb, log, patience=patience)

    def __enter__(self) -> None:
        with self._root:
            super().__enter__()
            while not self._is_in_place():
                # Its holder removed the file meanwhile: another process may have made a new one.
                os.close(self._descriptor)
                super().__enter__()

    def __exit__(self, *_: object) -> None:
        """Removes the file while it is locked, so that no other process's is removed."""
        try:
            with self._root, suppress(OSError):
                if self._is_file and self._is_in_place():
                    with self._root.walk(paths.IMAGE_LOCK) as walk:
                        os.unlink(walk.name, dir_fd=walk.folder)
                for folder in reversed(self._made):
                    with self._root.walk(folder) as walk:
                        os.rmdir(walk.name, dir_fd=walk.folder)
        finally:
            super().__exit__()

    def _open(self) -> int:
        try:
            with translate_os_errors("write", self._root.place(paths.IMAGE_LOCK)):
                return self._open_file()
        except HostError as error:
            if getattr(error.__cause__, "errno", None) != errno.EROFS:
                raise
            # On a read-only image no run can change anything: none needs to be kept out.
            self._is_file = False
            return os.memfd_create("lock")

    def _open_file(self) -> int:
        with self._root.walk(paths.IMAGE_LOCK, self._made) as walk:
            descriptor = os.open(walk.name, LOCK_FLAGS, 0o600, dir_fd=walk.folder)
        status = os.fstat(descriptor)
        owners = {0, os.geteuid(), self._root.status().st_uid}
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in owners:
            os.close(descriptor)
            raise HostError(
                f"{self._place} is no lock of lvsboot's: see whose it is, and remove it"
            )
        return descriptor

    def _is_in_place(self) -> bool:
        if not self._is_file:
            return True
        try:
            with self._root.walk(paths.IMAGE_LOCK) as walk:
                return os.path.samestat(walk.status(), os.fstat(self._descriptor))
        except (FileNotFoundError, NotADirectoryError):
            return False
