"""Finds and reads the network configuration of every backend below a root."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path

from lvsboot import paths
from lvsboot.host import debian_ipvsadm
from lvsboot.host.network.interfaces import (
    Interfaces,
    Line,
    is_sourced,
    parse_interfaces,
    source_pattern,
)
from lvsboot.host.network.netplan import Definition, Definitions, parse_definitions
from lvsboot.host.network.networkd import Matching, NetworkFile, parse_network_file
from lvsboot.host.network.root import Text, read_text, resolve
from lvsboot.install.root_folder import exists_in_root, file_names, link_target
from lvsboot.problem import Span

# systemd.network(5) and netplan(5): of two files with one name, that of the first folder counts.
_NETWORKD = (
    paths.NETWORKD,
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
)
_NETWORK_MANAGER = tuple(
    f"{folder}/NetworkManager/system-connections" for folder in ("/etc", "/run", "/usr/lib")
)
_NETPLAN = ("/run/netplan", paths.NETPLAN, "/usr/lib/netplan", "/lib/netplan")
# The files that cloud-init's renderers write: netplan, networkd, ifupdown, NetworkManager.
_CLOUD_INIT = (
    (paths.NETPLAN, "50-cloud-init.yaml"),
    (paths.NETWORKD, "10-cloud-init-*.network"),
    (paths.INTERFACES_D, "50-cloud-init*"),
    (_NETWORK_MANAGER[0], "cloud-init-*.nmconnection"),
)
_UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_MOST_FILES = 1000


def is_netplans(text: Text) -> bool:
    """Whether netplan generated this file of networkd's: the next boot generates it again."""
    return text.path.startswith("/run/systemd/network/10-netplan-")


def matching_files(
    files: Iterable[tuple[Text, NetworkFile]], name: str, mac: str | None
) -> Iterator[tuple[Text, NetworkFile, Matching | None]]:
    """The files that match a NIC, up to the first certain match, which networkd uses alone.

    `files` are in networkd's order. None in place of a Matching: the file cannot be read.
    """
    for text, file in files:
        if is_netplans(text):
            continue
        matching = None if text.text is None else file.matching(name, mac)
        if matching is not Matching.NO:
            yield text, file, matching
        if matching is Matching.YES:
            return


class NetworkFiles:
    """The network configuration below a root, each file read when it is asked for.

    Each folder is listed once: many units and patterns are looked for in the same few.
    `known` are paths that are left out: lvsboot writes them, has written them or sets them aside.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listed = cache(partial(file_names, root))

    def cloud_init_files(self) -> tuple[str, ...]:
        """The files by which cloud-init configures NICs, sorted."""
        found = (
            f"{directory}/{name}"
            for directory, pattern in _CLOUD_INIT
            for name in self._names(directory, pattern)
        )
        return tuple(sorted(found))

    def networkd_files(self, known: Collection[str] = ()) -> Iterator[tuple[Text, NetworkFile]]:
        """The .network files in the order in which networkd looks for a NIC's first match.

        Drop-ins of an empty file, or of one that is masked, are not read.
        """
        for text in self._by_name(_NETWORKD, "*.network", known):
            parts = [text]
            if text.text:
                parts += self.drop_ins(text.path.rpartition("/")[2])
            faulty = next((part for part in parts if part.text is None), None)
            file = parse_network_file((part.path, part.text or "") for part in parts)
            yield faulty or text, file

    def drop_ins(self, name: str) -> list[Text]:
        """The files below NAME.d that networkd and udev merge with the file, in their order."""
        return list(self._by_name([f"{folder}/{name}.d" for folder in _NETWORKD], "*.conf"))

    def netdev_files(self, known: Collection[str]) -> Iterator[Text]:
        """The files from which networkd makes devices; a masked one has no text."""
        return self._by_name(_NETWORKD, "*.netdev", known)

    def network_manager_files(self, known: Collection[str]) -> Iterator[Text]:
        """NetworkManager's profiles, where a boot starts it: nm-settings-keyfile(5)."""
        if self.is_enabled("NetworkManager.service") and self.has_program(
            "/usr/sbin/NetworkManager"
        ):
            yield from self._by_name(_NETWORK_MANAGER, "*.nmconnection", known)

    def netplan_devices(
        self, known: Collection[str] = ()
    ) -> Iterator[tuple[Text, Definition | None]]:
        """Each definition, where netplan is installed; None for a file that cannot be read."""
        for text, definitions in self.netplan_files(known) if self.has_netplan() else ():
            if text.text is None:
                yield text, None
            for device in definitions.devices:
                yield text, device

    def netplan_files(self, known: Collection[str] = ()) -> Iterator[tuple[Text, Definitions]]:
        for text in self._by_name(_NETPLAN, "*.yaml", known):
            definitions = parse_definitions(text.text or "")
            if definitions.fault is not None:
                fault = definitions.fault
                place = Span(fault.line, fault.column)
                yield Text(text.path, None, fault.value, place), definitions
            else:
                yield text, definitions

    def ifupdown_files(self, known: Collection[str] = ()) -> Iterator[tuple[Text, Interfaces]]:
        """/etc/network/interfaces and all that it sources; nothing where it does not exist."""
        waiting, seen = {paths.INTERFACES: None}, set[str]()
        while waiting and len(seen) < _MOST_FILES:
            path = next(iter(waiting))
            del waiting[path]
            place = resolve(self.root, path)
            text = self._read(path) if place not in seen else None
            seen.add(place)
            if text is None:
                continue
            interfaces = parse_interfaces(text.text or "")
            if path not in known:
                yield text, interfaces
            directory = path.rpartition("/")[0]
            for line in {line.words: line for line in interfaces.sources}.values():
                waiting.update(dict.fromkeys(self._sourced(line, directory)))

    def has_program(self, *candidates: str) -> bool:
        return any(exists_in_root(self.root, candidate) for candidate in candidates)

    def is_enabled(self, unit: str) -> bool:
        """Whether a target wants the unit, and it is not masked."""
        if self.is_masked(unit):
            return False
        return any(
            unit in self._listed(f"{directory}/{target}")
            for directory in _UNITS
            for target in self._names(directory, "*.wants")
        )

    def is_masked(self, unit: str) -> bool:
        return link_target(self.root, f"{paths.UNITS}/{unit}") == "/dev/null"

    def ipvsadm_sentence(self) -> str | None:
        """What Debian's own ipvsadm service would do at a boot."""
        if self.is_masked(debian_ipvsadm.SERVICE) or not self.has_program(debian_ipvsadm.SCRIPT):
            return None
        texts = (self._read(path) for path in (debian_ipvsadm.SETTINGS, debian_ipvsadm.RULES))
        return debian_ipvsadm.boot_sentence(
            *(None if text is None else text.text for text in texts)
        )

    def has_netplan(self) -> bool:
        return self.has_program("/usr/sbin/netplan")

    def mac(self, name: str) -> str | None:
        """The MAC that the kernel has for a NIC of this host; None below another root."""
        if self.root != Path("/"):
            return None
        text = self._read(f"/sys/class/net/{name}/address")
        return text.text.strip() if text is not None and text.text is not None else None

    def _by_name(
        self, directories: Iterable[str], pattern: str, known: Collection[str] = ()
    ) -> Iterator[Text]:
        first: dict[str, str] = {}
        for directory in directories:
            for name in self._names(directory, pattern):
                first.setdefault(name, f"{directory}/{name}")
        for _name, path in sorted(first.items()):
            if path not in known and (text := self._read(path)) is not None:
                yield text

    def _sourced(self, line: Line, directory: str) -> Iterator[str]:
        """The files that the pattern names, in which folders may be patterns, too."""
        folders = [""]
        *parts, last = source_pattern(line, directory).strip("/").split("/")
        for part in parts:
            folders = [found for folder in folders for found in self._below(folder, part)][
                :_MOST_FILES
            ]
        for folder in folders:
            for name in sorted(self._names(folder, last)):
                if is_sourced(line, name):
                    yield f"{folder}/{name}"

    def _below(self, folder: str, part: str) -> list[str]:
        """The folder's entries of that name, or of that pattern."""
        if part in {"", "."}:
            return [folder]
        if part == ".." or not set(part) & set("*?["):
            return [f"{folder}/{part}"]
        names = sorted(self._names(folder, part))
        return [f"{folder}/{name}" for name in names if not name.startswith(".")]

    def _names(self, directory: str, pattern: str) -> list[str]:
        return [name for name in self._listed(directory) if fnmatchcase(name, pattern)]

    def _read(self, path: str) -> Text | None:
        return read_text(self.root, path)
