"""Which line of sysctl.d is in force for a key, after systemd-sysctl and after procps. Pure.

systemd-sysctl (sysctl.d(5)) runs at boot, and for each NIC that appears; procps's
`sysctl --system` is run by hand. They treat repeated lines and `-key` lines differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lvsboot.system.sysctl.globs import is_glob, matches_path, sample
from lvsboot.system.sysctl.text import Assignment

# strtoul_lenient() and do_proc_dointvec_conv() of the kernel: no plus sign, and octal after a zero.
_INTEGER = re.compile(r"(-?)(0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,18}|[1-9][0-9]{0,18})")
_INTEGERS = range(-(2**31), 2**31)


def parse_integer(value: str) -> int | None:
    """The number as the kernel reads it into an int; None where it would refuse it."""
    match = _INTEGER.fullmatch(value)
    if match is None:
        return None
    digits = match[2].lower()
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    number = int(digits, base) * (-1 if match[1] else 1)
    return number if number in _INTEGERS else None


class InForce(NamedTuple):
    """The line that is in force for a key, and when it is applied among all others."""

    line: Assignment
    order: int


class BootSettings:
    """As systemd-sysctl applies them: one entry for each name, and no glob sets a named key."""

    program = "systemd-sysctl"

    def __init__(self, lines: Iterable[Assignment]) -> None:
        entries: dict[str, Assignment] = {}
        for line in lines:
            before = entries.get(line.key)
            # The same value again leaves the entry where it was; another moves it to the end.
            if before is None or before.value != line.value:
                entries.pop(line.key, None)
                entries[line.key] = line
        self._entries = {key: InForce(line, i) for i, (key, line) in enumerate(entries.items())}
        self._globs = [entry for key, entry in self._entries.items() if is_glob(key)]

    @property
    def lines(self) -> Iterable[Assignment]:
        return (entry.line for entry in self._entries.values())

    def in_force(self, key: str) -> InForce | None:
        """None where no line names or matches the key; a line without a value leaves it unset."""
        if key in self._entries:
            return None if is_glob(key) else self._entries[key]
        found = [
            entry
            for entry in self._globs
            if entry.line.value is not None and matches_path(entry.line.key, key)
        ]
        return found[-1] if found else None


class HandSettings:
    """As `sysctl --system` applies them: every line in turn, and no glob sets a named key.

    From procps 4.0.4 on a `-key` line that is a glob excludes keys from other globs; not here.
    """

    program = "sysctl --system"

    def __init__(self, lines: Iterable[Assignment]) -> None:
        self._lines = [InForce(line, i) for i, line in enumerate(lines)]
        self._names = {entry.line.spelled for entry in self._lines}
        # A blank before the name is part of the name, which no parameter has.
        setting = [
            entry
            for entry in self._lines
            if entry.line.value is not None and not entry.line.spelled.startswith((" ", "\t"))
        ]
        self._globs = [entry for entry in setting if is_glob(entry.line.key)]
        self._explicit = {entry.line.key: entry for entry in setting if not is_glob(entry.line.key)}

    @property
    def lines(self) -> Iterable[Assignment]:
        return (entry.line for entry in self._lines)

    def in_force(self, key: str) -> InForce | None:
        """None where no file sets the key."""
        explicit = self._explicit.get(key)
        found = [
            entry
            for entry in self._globs
            if matches_path(entry.line.key, key)
            and _expanded(entry.line.spelled, key) not in self._names
        ]
        last = [entry for entry in (explicit, *found[-1:]) if entry is not None]
        return max(last, key=lambda entry: entry.order, default=None)


def _expanded(pattern: str, key: str) -> str:
    """The key as glob(3) spells it for procps to compare: with the pattern's doubled slashes."""
    parts = iter(key.split("/"))
    return "/".join(part if part in {"", "."} else next(parts) for part in pattern.split("/"))


Settings = BootSettings | HandSettings


def named_devices(settings: Settings, *, samples: bool = False) -> list[str]:
    """The devices that lines on net.ipv4.conf name; with `samples`, one that each glob matches."""
    named: dict[str, None] = {}
    for line in settings.lines:
        parts = line.key.split("/")
        if len(parts) == 5 and parts[:3] == ["net", "ipv4", "conf"]:
            device = parts[3]
            if is_glob(device):
                device = sample(device) if samples else ""
            if device not in {"", "all", "lo"}:
                named[device] = None
    return list(named)
