"""Reads the network configuration below a root: whose files there are, and for which NICs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvsboot import paths, rivals
from lvsboot.nics.interfaces import Interfaces, Line, is_sourced, parse_interfaces, source_pattern
from lvsboot.nics.netplan import Definitions, parse_definitions
from lvsboot.nics.networkd import Match, parse_match
from lvsboot.rooted import under

# systemd.network(5) and netplan(5): of two files with one name, that of the first folder counts.
_NETWORKD = (
    paths.NETWORKD,
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)
_NETPLAN = ("/run/netplan", paths.NETPLAN, "/usr/lib/netplan", "/lib/netplan")
# Where cloud-init's renderers leave their work: netplan, networkd, ifupdown, NetworkManager.
_CLOUD_INIT = (
    (paths.NETPLAN, "50-cloud-init.yaml"),
    (paths.NETWORKD, "10-cloud-init-*.network"),
    (paths.INTERFACES_D, "50-cloud-init*"),
    ("/etc/NetworkManager/system-connections", "cloud-init-*.nmconnection"),
)
_UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_MOST_FILES = 1000


@dataclass(frozen=True, slots=True)
class Text:
    """A file as it was read; None for one that the caller may not read."""

    path: str
    text: str | None


class Survey:
    """One root's configuration, each file read when it is asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def cloud_init_files(self) -> tuple[str, ...]:
        """What cloud-init has written to configure NICs, sorted."""
        found = (
            f"{directory}/{place.name}"
            for directory, pattern in _CLOUD_INIT
            for place in self._directory(directory).glob(pattern)
        )
        return tuple(sorted(found))

    def networkd_files(self) -> Iterator[tuple[Text, Match]]:
        """The .network files in the order in which networkd looks for a NIC's first match."""
        for text in self._by_name(_NETWORKD, "*.network"):
            yield text, parse_match(text.text or "")

    def netplan_files(self) -> Iterator[tuple[Text, Definitions]]:
        for text in self._by_name(_NETPLAN, "*.yaml"):
            yield text, parse_definitions(text.text or "")

    def ifupdown_files(self) -> Iterator[tuple[Text, Interfaces]]:
        """/etc/network/interfaces and all that it sources; nothing where it does not exist."""
        waiting, seen = [paths.INTERFACES], set[str]()
        while waiting and len(seen) < _MOST_FILES:
            path = waiting.pop(0)
            text = self._read(path)
            if path in seen or text is None:
                continue
            seen.add(path)
            interfaces = parse_interfaces(text.text or "")
            yield text, interfaces
            directory = path.rpartition("/")[0]
            for line in interfaces.sources:
                waiting += self._sourced(line, directory)

    def has_program(self, *candidates: str) -> bool:
        return any(under(self.root, candidate).exists() for candidate in candidates)

    def is_enabled(self, unit: str) -> bool:
        """Whether some target wants the unit, and nobody has masked it."""
        if self.is_masked(unit):
            return False
        return any(
            place.is_symlink() or place.exists()
            for directory in _UNITS
            for place in self._directory(directory).glob(f"*.wants/{unit}")
        )

    def is_masked(self, unit: str) -> bool:
        own = under(self.root, f"{paths.UNITS}/{unit}")
        return own.is_symlink() and str(own.readlink()) == "/dev/null"

    def rival(self) -> str | None:
        """What the distribution's own ipvsadm service would do at a boot."""
        if self.is_masked(rivals.SERVICE) or not self.has_program(rivals.SCRIPT):
            return None
        texts = (self._read(path) for path in (rivals.SETTINGS, rivals.RULES))
        return rivals.rival_sentence(*(None if it is None else it.text for it in texts))

    def has_netplan(self) -> bool:
        return self.has_program("/usr/sbin/netplan")

    def mac(self, name: str) -> str | None:
        """The MAC of this host's NIC, as the kernel has it; None below another root."""
        if self.root != Path("/"):
            return None
        text = self._read(f"/sys/class/net/{name}/address")
        return text.text.strip() if text is not None and text.text is not None else None

    def _by_name(self, directories: tuple[str, ...], pattern: str) -> Iterator[Text]:
        first: dict[str, str] = {}
        for directory in directories:
            for place in self._directory(directory).glob(pattern):
                first.setdefault(place.name, f"{directory}/{place.name}")
        for _name, path in sorted(first.items()):
            if (text := self._read(path)) is not None:
                yield text

    def _sourced(self, line: Line, directory: str) -> Iterator[str]:
        folder, _, pattern = source_pattern(line, directory).rpartition("/")
        try:
            places = sorted(self._directory(folder).glob(pattern))
        except (ValueError, NotImplementedError):
            return  # a pattern that no file can have
        for place in places:
            if is_sourced(line, place.name):
                yield f"{folder}/{place.name}"

    def _directory(self, directory: str) -> Path:
        return under(self.root, f"{directory}/x").parent

    def _read(self, path: str) -> Text | None:
        place = under(self.root, path)
        # A link to /dev/null, or to another file of the image.
        for _hop in range(8):
            if not place.is_symlink():
                break
            target = str(place.readlink())
            path_there = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
            place = under(self.root, path_there)
        try:
            if not place.is_file():
                return None
            return Text(path, place.read_text(encoding="utf-8", errors="replace"))
        except PermissionError:
            return Text(path, None)
        except OSError:
            return None
