"""Reads which NICs a .network file is for: systemd.network(5), [Match]. Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

_MAC_KEYS = ("MACAddress", "PermanentMACAddress")


class Matching(Enum):
    """Whether a file is for a NIC; MAYBE where the files alone do not tell."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Match:
    """A [Match] section: each key's words, and the line at which the section begins."""

    line: int
    source: str
    keys: Mapping[str, tuple[str, ...]]

    def matching(self, name: str, mac: str | None) -> Matching:
        """Every key must match; of a key's words, one."""
        verdicts = {self._key(key, words, name, mac) for key, words in self.keys.items()}
        if Matching.NO in verdicts or not self.keys:
            return Matching.NO
        return Matching.MAYBE if Matching.MAYBE in verdicts else Matching.YES

    def _key(self, key: str, words: tuple[str, ...], name: str, mac: str | None) -> Matching:
        if key == "Name":
            return Matching.YES if _any_glob(words, name) else Matching.NO
        if key in _MAC_KEYS:
            if mac is None:
                return Matching.MAYBE
            macs = {word.lower().replace("-", ":") for word in words}
            return Matching.YES if mac in macs else Matching.NO
        if key == "Type":
            return Matching.YES if _any_glob(words, "ether") else Matching.NO
        return Matching.MAYBE


def parse_match(text: str) -> Match:
    """The [Match] section of a file; one without any is for no NIC."""
    keys: dict[str, tuple[str, ...]] = {}
    section, line, source = "", 1, ""
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
            if section == "Match" and not source:
                line, source = number, raw
        elif section == "Match" and stripped and stripped[0] not in "#;":
            key, equals, value = stripped.partition("=")
            if equals:
                key = key.rstrip()
                # An empty value takes back what was said before.
                keys[key] = (*keys.get(key, ()), *value.split()) if value.strip() else ()
    return Match(line, source, {key: words for key, words in keys.items() if words})


def _any_glob(words: Iterable[str], name: str) -> bool:
    """A leading exclamation mark turns the whole list around."""
    words = list(words)
    is_inverted = words[0].startswith("!")
    words[0] = words[0].removeprefix("!")
    return any(fnmatchcase(name, word) for word in words) != is_inverted
