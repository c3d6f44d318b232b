"""Reads .network files and their drop-ins: systemd.network(5), systemd.syntax(7). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lvsboot.host.network.globs import matches_glob

_MAC_KEYS = ("MACAddress", "PermanentMACAddress")
# lo has no driver and no path, and is of no kind and in no Wi-Fi.
_NOT_LOS = frozenset({"Driver", "Path", "Kind", "SSID", "BSSID", "WLANInterfaceType"})
_LO_MAC = "00:00:00:00:00:00"
_TRUE = frozenset({"1", "yes", "y", "true", "t", "on"})


class Matching(Enum):
    """Whether a file is for a NIC; MAYBE where it depends on the hardware."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Setting(NamedTuple):
    """`Key=value` in a section, whose header stands at `section_line`; the header has no key."""

    section: str
    section_line: int
    section_source: str
    key: str
    value: str
    line: int
    source: str


class Match(NamedTuple):
    """The [Match] sections of a file and of those merged before it: each key's words.

    `path`, `line` and `source` are of the file's own first [Match] section.
    """

    path: str
    line: int
    source: str
    keys: Mapping[str, tuple[str, ...]]

    def matching(self, name: str, mac: str | None) -> Matching:
        """Every key must match; of a key's words, one."""
        verdicts = {_key_matching(key, words, name, mac) for key, words in self.keys.items()}
        if Matching.NO in verdicts or not self.keys:
            return Matching.NO
        return Matching.MAYBE if Matching.MAYBE in verdicts else Matching.YES


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A .network file, with its drop-ins merged in their order."""

    matches: tuple[Match, ...]
    settings: tuple[tuple[str, Setting], ...]

    @property
    def match(self) -> Match:
        """The [Match] of the file with all its drop-ins."""
        return self.matches[-1]

    def matching(self, name: str, mac: str | None) -> Matching:
        return self.match.matching(name, mac)

    def place_for(self, name: str, mac: str | None) -> Match:
        """The first [Match] section, of the file or a drop-in, with which it matches `name`."""
        return next(
            (match for match in self.matches if match.matching(name, mac) is not Matching.NO),
            self.match,
        )

    @property
    def is_unmanaged(self) -> bool:
        """Whether networkd leaves the links alone that the file matches."""
        said = [
            setting.value
            for _path, setting in self.settings
            if setting[0] == "Link" and setting.key == "Unmanaged"
        ]
        return bool(said) and said[-1].lower() in _TRUE

    def addresses(self) -> Iterator[tuple[str, Setting]]:
        for path, setting in self.settings:
            if setting.key == "Address" and setting.section in {"Network", "Address"}:
                yield path, setting


def parse_network_file(parts: Iterable[tuple[str, str]]) -> NetworkFile:
    """A file's path and text, then those of its drop-ins; one without [Match] is for no NIC."""
    matches: list[Match] = []
    settings: list[tuple[str, Setting]] = []
    keys: dict[str, list[str]] = {}
    for path, text in parts:
        line, source = 1, ""
        for setting in parse_settings(text):
            if setting.section != "Match":
                settings += [(path, setting)] if setting.key else []
                continue
            if not source:
                line, source = setting.section_line, setting.section_source
            if not setting.key:
                continue
            # An empty value clears the earlier ones.
            if words := _words(setting.value):
                keys.setdefault(setting.key, []).extend(words)
            else:
                keys.pop(setting.key, None)
        if source or not matches:
            matches.append(Match(path, line, source, {k: tuple(v) for k, v in keys.items()}))
    return NetworkFile(tuple(matches), tuple(settings))


def parse_settings(text: str) -> Iterator[Setting]:
    """Sections' headers and the assignments below them; what systemd ignores is left out."""
    section, section_line, section_source = "", 1, ""
    for number, raw, line in _logical_lines(text):
        if line.startswith("[") and line.endswith("]"):
            section, section_line, section_source = line[1:-1], number, raw
            yield Setting(section, number, raw, "", "", number, raw)
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if equals and key and section:
            yield Setting(section, section_line, section_source, key, value, number, raw)


def _logical_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Number and text of a line's beginning, and the whole line: a backslash continues it."""
    begun, first, parts = 0, "", list[str]()
    for number, raw in enumerate(text.split("\n"), start=1):
        stripped = raw.strip()
        # A comment within a continued line is ignored, too.
        if stripped.startswith(("#", ";")) or (not stripped and not parts):
            continue
        if not parts:
            begun, first = number, raw
        parts.append(stripped.removesuffix("\\"))
        if not stripped.endswith("\\"):
            yield begun, first, " ".join(parts).strip()
            parts = []
    if parts:
        yield begun, first, " ".join(parts).strip()


def _words(value: str) -> tuple[str, ...]:
    """A leading exclamation mark inverts every word of its assignment."""
    sign = "!" if value.startswith("!") else ""
    return tuple(f"{sign}{word.strip(_QUOTES)}" for word in value.removeprefix("!").split())


_QUOTES = "\"'"


def _key_matching(key: str, words: tuple[str, ...], name: str, mac: str | None) -> Matching:
    is_lo = name == "lo"
    if key == "Name":
        return _yes_or_no(_any_glob(words, name))
    if key in _MAC_KEYS:
        mac = _LO_MAC if is_lo and key == "MACAddress" else mac
        if mac is None:
            return Matching.NO if is_lo else Matching.MAYBE
        return _yes_or_no(mac in {word.lower().replace("-", ":") for word in words})
    if key == "Type":
        return _yes_or_no(_any_glob(words, "loopback" if is_lo else "ether"))
    if is_lo and key in _NOT_LOS:
        return _yes_or_no(all(word.startswith("!") for word in words))
    return Matching.MAYBE


def _yes_or_no(is_match: bool) -> Matching:  # noqa: FBT001 - what it makes words of
    return Matching.YES if is_match else Matching.NO


def _any_glob(words: Iterable[str], name: str) -> bool:
    """No word with an exclamation mark may match; of the others one must, if there are any."""
    words = list(words)
    if any(matches_glob(name, word[1:]) for word in words if word.startswith("!")):
        return False
    positive = [word for word in words if not word.startswith("!")]
    return not positive or any(matches_glob(name, word) for word in positive)
