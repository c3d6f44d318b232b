"""Finds settings that let a host answer or announce ARP for the addresses on lo. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from lvsboot.system.sysctl.settings import Settings, named_devices, parse_integer
from lvsboot.system.sysctl.text import Assignment, dotted

FOLDER = "net/ipv4/conf"
# arp_ignore 1, 2 and 8 answer for no other interface's address; only arp_announce 2 never has one
# as the sender. A larger value is not stricter: the kernel treats one that it does not know as 0
# (arp_ignore(), arp_solicit()).
SILENT = {"arp_ignore": (1, 2, 8), "arp_announce": (2,)}
_NEEDED = {"arp_ignore": "1, 2 or 8", "arp_announce": "2"}


class Opening(NamedTuple):
    """Why the host would answer or announce ARP: the parameter in force, a safe value, its line."""

    sentence: str
    key: str = ""
    needed: str = ""
    line: Assignment | None = None


class _Value(NamedTuple):
    number: int | None
    text: str
    line: Assignment | None = None


_KERNEL_DEFAULT = _Value(0, "0")


def live_opening(devices: Iterable[str], read: Callable[[str], str | None]) -> Opening | None:
    """The first opening among the kernel's present values.

    `read` gives the value of a path below /proc/sys, None for a device that has gone meanwhile.
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
    """What the settings would leave open on these devices, and on those that their lines name."""

    def value(key: str) -> _Value:
        found = settings.in_force(key)
        if found is None:
            return _KERNEL_DEFAULT
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
    """The kernel uses the larger value of `all` and the device (IN_DEV_MAXCONF).

    A device that appears later starts with the values of `default`. lo's own have no effect: it
    has no ARP.
    """
    for key, silent in SILENT.items():
        general = value(f"{FOLDER}/all/{key}") or _KERNEL_DEFAULT
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
    """The value in force; one that is not a number is assumed to be."""
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
