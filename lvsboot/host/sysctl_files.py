"""Reads all files of sysctl.d below a root, in the order of the two programs that apply them.

systemd-sysctl: sysctl.d(5), and a credential. `sysctl --system`: the same folders with hidden
files among them, then /etc/sysctl.conf. What cannot be read is reported, never skipped.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from lvsboot.errors import HostError
from lvsboot.install.root_folder import RootFolder
from lvsboot.install.walk import NotRegularError
from lvsboot.system.sysctl.settings import BootSettings, HandSettings, Settings
from lvsboot.system.sysctl.text import Assignment, Unread, parse_sysctl

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


class SysctlFiles(NamedTuple):
    """The settings in force after a boot and after `sysctl --system`, and what was not understood.

    `of_folders` is `by_hand` without /etc/sysctl.conf, which Debian 13's procps does not read.
    """

    boot: BootSettings
    by_hand: HandSettings
    of_folders: HandSettings
    unread: tuple[Unread, ...]

    @property
    def readers(self) -> tuple[Settings, ...]:
        """Each of these programs may run next, so that the role must hold after any."""
        return self.boot, self.by_hand, self.of_folders


def read_sysctl_files(root: Path, texts: Mapping[str, str] | None = None) -> SysctlFiles:
    """Reads all of them; `texts`, by path, stand for files that are not written yet."""
    with RootFolder(root) as folder:
        reader = _Reader(folder, texts or {})
        named = reader.list_files()
        hidden = {path for path in named if path.rpartition("/")[2].startswith(".")}
        last = [_LAST_BY_HAND] if reader.is_regular(_LAST_BY_HAND) else []
        extra = reader.credentials() if root == Path("/") else []
        boot = [path for path in named if path not in hidden] + extra
        lines = {path: reader.read(path) for path in dict.fromkeys((*named, *last, *extra))}
    return SysctlFiles(
        BootSettings(line for path in boot for line in lines[path]),
        HandSettings(line for path in (*named, *last) for line in lines[path]),
        HandSettings(line for path in named for line in lines[path]),
        tuple(reader.unread),
    )


class _Reader:
    def __init__(self, root: RootFolder, texts: Mapping[str, str]) -> None:
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
        self.unread += (item for item in found if isinstance(item, Unread))
        return [item for item in found if isinstance(item, Assignment)]

    def is_regular(self, path: str) -> bool:
        """As procps checks /etc/sysctl.conf; an error is left to read() to report."""
        try:
            with self._root.walk(path) as walk:
                walk.follow()
                return stat.S_ISREG(walk.status().st_mode)
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def credentials(self) -> list[str]:
        if os.path.lexists(_ENCRYPTED):
            self.unread.append(Unread(_ENCRYPTED, 0, "is encrypted, and systemd-sysctl reads it"))
        return [_CREDENTIAL] if os.path.lexists(_CREDENTIAL) else []

    def _names(self, folder: str) -> list[str]:
        try:
            with self._root.walk(f"{folder}/.") as walk:
                return [name for name in walk.names() if name.endswith(".conf")]
        except FileNotFoundError:
            return []
        except OSError as error:
            self.unread.append(Unread(folder, 0, _reason(error, "cannot be listed")))
            return []

    def _content(self, path: str) -> bytes:
        if path in self._texts:
            return self._texts[path].encode("utf-8", "surrogateescape")
        try:
            with self._root.walk(path) as walk:
                walk.follow()
                content = walk.read(self._root.place(path), self._left) or b""
        except FileNotFoundError:
            # A broken link hides files of its name in later folders.
            return b""
        except NotRegularError:
            reason = "is not a regular file"
        except HostError:
            reason = f"is too large: more than {_MAX_BYTES >> 10} KiB"
        except OSError as error:
            reason = _reason(error, "cannot be read")
        else:
            self._left -= len(content)
            return content
        self.unread.append(Unread(path, 0, reason))
        return b""


def _reason(error: OSError, what: str) -> str:
    return "is a loop of links" if error.errno == errno.ELOOP else f"{what}: {error.strerror}"
