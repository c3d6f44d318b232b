"""Whether a host keeps silent about the addresses on lo: no ARP answers, no announcements. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lvsboot.system.sysctl.settings import Settings, named_devices, parse_integer
from lvsboot.system.sysctl.text import Assignment, dotted

FOLDER = "net/ipv4/conf"
# Of arp_ignore, 1, 2 and 8 keep silent about other interfaces' addresses; of arp_announce only 2
# never names one as the sender. Larger is not stronger: the kernel takes what it does not know for
# 0 (arp_ignore(), arp_solicit()).
SILENT = {"arp_ignore": (1, 2, 8), "arp_announce": (2,)}
_NEEDED = {"arp_ignore": "1, 2 or 8", "arp_announce": "2"}


class Opening(NamedTuple):
    """Why the host would be heard: the parameter that decides, what it needs, and its line."""

    sentence: str
    key: str = ""
    needed: str = ""
    line: Assignment | None = None


class _Value(NamedTuple):
    number: int | None
    text: str
    line: Assignment | None = None


_KERNELS_OWN = _Value(0, "0")


def live_opening(devices: Iterable[str], read: Callable[[str], str | None]) -> Opening | None:
    """Of the values that are in force; `read` gives that of a path below /proc/sys.

    None is a device that has gone meanwhile.
    """

    def value(key: str) -> _Value | None:
        text = read(key)
        return None if text is None else _Value(parse_integer(text), text)

    for opened in _openings(devices, value):
        name = dotted(f"{FOLDER}/{opened.by}/{opened.key}")
        what = f"{name} is {opened.decisive.text}, and decides for {opened.for_device}"
        return Opening(f"{what} {_needs(opened.key)}")
    return None


def settings_openings(settings: Settings, devices: Iterable[str]) -> Iterator[Opening]:
    """Of the values that the lines would put in force on these devices and those that they name."""

    def value(key: str) -> _Value:
        found = settings.in_force(key)
        if found is None:
            return _KERNELS_OWN
        line = found.line
        if line.value is None:
            return _Value(0, "0", line)
        return _Value(parse_integer(line.value), line.value, line)

    for opened in _openings((*devices, *named_devices(settings, samples=True)), value):
        yield _lines_opening(opened)


class _Opened(NamedTuple):
    by: str
    key: str
    decisive: _Value
    for_device: str


def _openings(devices: Iterable[str], value: Callable[[str], _Value | None]) -> Iterator[_Opened]:
    """The kernel goes by the larger of all's and the device's (IN_DEV_MAXCONF).

    The values of `default` are a future device's. lo's own decide for nobody: it has no ARP.
    """
    for key, silent in SILENT.items():
        general = value(f"{FOLDER}/all/{key}") or _KERNELS_OWN
        if general.number is None:
            yield _Opened("all", key, general, "every NIC")
        for device in dict.fromkeys((*devices, "default")):
            own = value(f"{FOLDER}/{device}/{key}") if device not in {"all", "lo"} else None
            if own is None:
                continue
            by, decisive = _larger(("all", general), (device, own))
            if decisive.number not in silent:
                yield _Opened(by, key, decisive, device)


def _larger(general: tuple[str, _Value], own: tuple[str, _Value]) -> tuple[str, _Value]:
    """The one that decides; what is no number counts as the worst."""
    if own[1].number is None:
        return own
    if general[1].number is None or general[1].number >= own[1].number:
        return general
    return own


def _lines_opening(opened: _Opened) -> Opening:
    by, key, decisive, device = opened
    name = dotted(f"{FOLDER}/{by}/{key}")
    line = decisive.line
    if line is None:
        what = f"no file of sysctl.d sets {name}, and the kernel's own is 0"
    elif line.value is None:
        what = f"{line.place} keeps {name} from being set, and the kernel's own is 0"
    elif decisive.number is None:
        what = f"{line.place} sets {name} to '{decisive.text}', which lvsboot does not understand"
    else:
        what = f"{line.place} makes {name} {decisive.text}, which wins, and decides for {device}"
    return Opening(f"{what} {_needs(key)}", f"{FOLDER}/{by}/{key}", _NEEDED[key], line)


def _needs(key: str) -> str:
    return f"(needs {_NEEDED[key]})"
