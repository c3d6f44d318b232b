"""Reads all files of sysctl.d below a root, in the order of the two programs that apply them.

systemd-sysctl: sysctl.d(5), and a credential. `sysctl --system`: the same folders with hidden
files among them, then /etc/sysctl.conf. What cannot be read is reported, never passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lvsboot.errors import HostError
from lvsboot.rooted import under
from lvsboot.sysctl.settings import BootSettings, HandSettings, Settings
from lvsboot.sysctl.text import Assignment, Unread, parse_sysctl

# Of two files with one name, that of the first folder counts.
FOLDERS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
_LAST_BY_HAND = "/etc/sysctl.conf"
_CREDENTIAL = "/run/credentials/@system/sysctl.extra"
_ENCRYPTED = "/run/credentials/@encrypted/sysctl.extra"
# Far more than any host has: a distribution's own files together are some 20 KiB.
_MAX_BYTES = 1024 * 1024
_MAX_FILES = 1000
_MAX_HOPS = 40  # as many links as the kernel follows before ELOOP
_NULL_DEVICE = os.makedev(1, 3)


class SysctlFiles(NamedTuple):
    """What the files leave in force at boot and by hand, and what of them was not understood."""

    boot: BootSettings
    by_hand: HandSettings
    unread: tuple[Unread, ...]

    @property
    def readers(self) -> tuple[Settings, Settings]:
        return self.boot, self.by_hand


def read_sysctl_files(root: Path, texts: Mapping[str, str] | None = None) -> SysctlFiles:
    """All of them; a path of `texts`, in the first folder, is taken to hold that text."""
    reader = _Reader(root, texts or {})
    named = reader.list_files()
    hidden = {path for path in named if path.rpartition("/")[2].startswith(".")}
    last = [_LAST_BY_HAND] if reader.is_regular(_LAST_BY_HAND) else []
    extra = reader.credentials() if root == Path("/") else []
    boot = [path for path in named if path not in hidden] + extra
    lines = {path: reader.read(path) for path in dict.fromkeys((*named, *last, *extra))}
    return SysctlFiles(
        BootSettings(line for path in boot for line in lines[path]),
        HandSettings(line for path in (*named, *last) for line in lines[path]),
        tuple(reader.unread),
    )


class _Reader:
    def __init__(self, root: Path, texts: Mapping[str, str]) -> None:
        self._root = root
        self._texts = texts
        self._left = _MAX_BYTES
        self.unread: list[Unread] = []

    def list_files(self) -> list[str]:
        """The files that count, by their names' bytes, as both programs sort them."""
        first = {path.rpartition("/")[2]: path for path in self._texts}
        for folder in FOLDERS:
            for name in self._names(folder):
                first.setdefault(name, f"{folder}/{name}")
        if len(first) > _MAX_FILES:
            self.unread.append(Unread(FOLDERS[0], 0, f"and its siblings hold {len(first)} files"))
        names = sorted(first, key=os.fsencode)[:_MAX_FILES]
        return [first[name] for name in names]

    def read(self, path: str) -> list[Assignment]:
        content = self._content(path)
        found = list(parse_sysctl(path, content))
        self.unread += (it for it in found if isinstance(it, Unread))
        return [it for it in found if isinstance(it, Assignment)]

    def is_regular(self, path: str) -> bool:
        """As procps asks of /etc/sysctl.conf; what cannot be told is left to read()."""
        try:
            return stat.S_ISREG(self._resolve(path).stat().st_mode)
        except FileNotFoundError:
            return False
        except (OSError, HostError):
            return True

    def credentials(self) -> list[str]:
        if os.path.lexists(_ENCRYPTED):
            self.unread.append(Unread(_ENCRYPTED, 0, "is encrypted, and systemd-sysctl reads it"))
        return [_CREDENTIAL] if os.path.lexists(_CREDENTIAL) else []

    def _names(self, folder: str) -> Iterator[str]:
        try:
            names = [place.name for place in self._resolve(folder).iterdir()]
        except FileNotFoundError:
            return
        except OSError as error:
            self.unread.append(Unread(folder, 0, f"cannot be listed: {error.strerror}"))
            return
        except HostError:
            self.unread.append(Unread(folder, 0, "is a loop of links"))
            return
        yield from (name for name in names if name.endswith(".conf"))

    def _content(self, path: str) -> bytes:
        if path in self._texts:
            return self._texts[path].encode("utf-8", "surrogateescape")
        try:
            return self._read_regular(path)
        except FileNotFoundError:
            # A link to nowhere: it hides its namesakes, and says nothing.
            return b""
        except OSError as error:
            self.unread.append(Unread(path, 0, f"cannot be read: {error.strerror}"))
        except HostError:
            self.unread.append(Unread(path, 0, "is a loop of links"))
        return b""

    def _read_regular(self, path: str) -> bytes:
        # A FIFO would wait for a writer, and a terminal for a person.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(self._resolve(path), flags)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL_DEVICE:
                return b""
            if not stat.S_ISREG(status.st_mode):
                self.unread.append(Unread(path, 0, "is not a regular file"))
                return b""
            content = _read_up_to(descriptor, self._left + 1)
        finally:
            os.close(descriptor)
        if len(content) > self._left:
            self.unread.append(Unread(path, 0, f"is too large: more than {_MAX_BYTES >> 10} KiB"))
            return b""
        self._left -= len(content)
        return content

    def _resolve(self, path: str) -> Path:
        """Where the path leads below the root, its last link followed, too."""
        for _hop in range(_MAX_HOPS):
            place = under(self._root, path)
            try:
                target = str(place.readlink())
            except OSError:
                return place
            path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
        raise HostError(f"{path}: too many symbolic links below {self._root}")


def _read_up_to(descriptor: int, size: int) -> bytes:
    pieces = []
    while size > 0 and (piece := os.read(descriptor, size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
