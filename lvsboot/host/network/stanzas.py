"""Finds stanzas by which ifupdown configures the role's NICs and VIPs besides lvsboot."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_address
from typing import NamedTuple

from lvsboot.host.network.globs import matches_glob
from lvsboot.host.network.interfaces import Interfaces, Line, Stanza, Starts
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.host.network.root import Text, line_problem, unread
from lvsboot.problem import Problem
from lvsboot.role.formats import Address
from lvsboot.role.model import Backend, Nic, Role

_ENABLING = "networking.service"
_COMMANDS = {"up", "post-up", "pre-up", "down", "post-down", "pre-down"}
_AWAY = "remove the stanza"


class _Files(NamedTuple):
    """The files that are not lvsboot's, in ifup's order, and the interfaces that they start."""

    files: tuple[tuple[Text, Interfaces], ...]
    starts: Starts


def nic_problems(
    role: Role, backend: Backend, network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    """Stanzas and mappings of the role's NICs: ifupdown applies every stanza of an interface."""
    files, starts = _read_files(backend, network, known)
    for text, _interfaces in files:
        if text.text is None:
            yield unread(text)
    for nic in role.nics:
        mac = nic.mac or network.mac(nic.name)
        logical = starts.logical_names(nic.name, mac)
        # lvsboot's own file starts the role's NICs.
        is_started = backend is Backend.IFUPDOWN or starts.starts(nic.name, mac)
        for text, interfaces in files:
            for stanza in interfaces.stanzas:
                is_own = stanza.name == nic.name and (
                    backend is Backend.IFUPDOWN or starts.starts(stanza.full_name, mac)
                )
                if (is_own or stanza.full_name in logical) and not stanza.does_nothing:
                    yield _problem(text, stanza.head, *_stanza_words(stanza, nic, backend))
            for mapping in interfaces.mappings:
                if is_started and _maps(mapping, nic.name):
                    yield _problem(text, mapping, *_mapping_words(nic, backend))


def vip_problems(
    vips: Collection[Address], backend: Backend, network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    """Lines of stanzas that a boot applies and that give lo one of `vips`, or remove it."""
    files, starts = _read_files(backend, network, known)
    applied = _applied([stanza for _text, file in files for stanza in file.stanzas], starts)
    for text, interfaces in files:
        if text.text is None:
            yield unread(text)
        for stanza in interfaces.stanzas:
            for option in stanza.options if stanza.full_name in applied else ():
                found = _addresses_on_lo(option, on_lo=applied[stanza.full_name])
                for vip in sorted(found.intersection(vips), key=str):
                    message = f"ifupdown has {vip} on lo by this line, too: a VIP has one owner"
                    hint = "remove the line, or its stanza: lvs-vip@ brings the VIP up"
                    yield _problem(text, option, message, hint)


def _applied(stanzas: list[Stanza], starts: Starts) -> dict[str, bool]:
    """The names of stanzas that a boot applies, and whether it does so to lo."""
    applied = dict.fromkeys(starts.logical_names("lo"), True)
    # ifup lets a stanza inherit only from an earlier one.
    for stanza in reversed(stanzas):
        name = stanza.full_name
        if name not in applied and starts.starts(name):
            applied[name] = False
        if name in applied:
            applied[name] |= stanza.name == "lo"
            if (inherited := stanza.inherited) is not None:
                applied[inherited] = applied.get(inherited, False) or applied[name]
    return applied


def _read_files(backend: Backend, network: NetworkFiles, known: Collection[str]) -> _Files:
    """The files that ifup reads; none where no boot runs it."""
    if backend is not Backend.IFUPDOWN and not network.is_enabled(_ENABLING):
        return _Files((), Starts(()))
    files = tuple(network.ifupdown_files(known))
    return _Files(files, Starts(start for _text, file in files for start in file.started))


def _maps(mapping: Line, name: str) -> bool:
    return any(matches_glob(name, pattern.partition(":")[0]) for pattern in mapping.words[1:])


def _stanza_words(stanza: Stanza, nic: Nic, backend: Backend) -> tuple[str, str]:
    """The message and the hint for a stanza."""
    of = stanza.name if stanza.name == nic.name else f"{stanza.name}, which is used for {nic.name},"
    if backend is Backend.IFUPDOWN:
        return f"ifupdown applies this stanza of {of} besides lvsboot's", _AWAY
    via = "" if stanza.name == nic.name else f" by the stanza of {stanza.name}"
    message = f"ifupdown configures {nic.name}{via}, too, and so would {backend.value}"
    return message, f"{_AWAY}, or say network.backend: ifupdown in the role"


def _mapping_words(nic: Nic, backend: Backend) -> tuple[str, str]:
    if backend is Backend.IFUPDOWN:
        return f"this mapping may give {nic.name} another stanza than lvsboot's", "remove it"
    message = f"ifupdown configures {nic.name} by this mapping, too, and so would {backend.value}"
    return message, "remove it, or say network.backend: ifupdown in the role"


def _problem(text: Text, line: Line, message: str, hint: str) -> Problem:
    return line_problem(text.path, line.number, line.source, message, hint)


def _addresses_on_lo(option: Line, *, on_lo: bool) -> set[Address]:
    """The addresses that a line of a stanza gives to lo, or takes from it."""
    key, *words = option.words
    if key in _COMMANDS:
        devices = {word.partition(":")[0] for word in words}
        on_lo = "lo" in devices or (on_lo and not devices.isdisjoint({"$IFACE", '"$IFACE"'}))
    elif key != "address":
        return set()
    return {address for word in words if on_lo and (address := _address(word)) is not None}


def _address(word: str) -> Address | None:
    try:
        return ip_address(word.strip("\"'").partition("/")[0])
    except ValueError:
        return None
