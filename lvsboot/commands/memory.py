"""What is loaded, as /run/lvs keeps it: the rules, where they come from, and what is known."""

from __future__ import annotations

import marshal
import sys
import time

from lvsboot.commands.rulefiles import Places, RulesFile
from lvsboot.ipvs.settled import Known
from lvsboot.ipvs.table import ServiceKey
from lvsboot.light_typing import TYPE_CHECKING, NamedTuple
from lvsboot.policy import Foreign, Weights
from lvsboot.textfiles import read_text, remove_file, write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Collection

# Of what is known; another version may work out other things, another Python write them otherwise.
_KNOWN_FORM = f"1 {sys.implementation.cache_tag}"


class Source(NamedTuple):
    """Where what is loaded comes from, since when, and how it was loaded.

    `uptime`: the seconds that the host had been up; clocks jump, above all early in a boot.
    """

    path: str
    origin: str
    foreign: Foreign
    weights: Weights
    uptime: float

    def since(self) -> float:
        """In seconds since the epoch, by the clock as it is now."""
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + self.uptime


def loaded_rules(places: Places) -> RulesFile | None:
    text = read_text(places.loaded)
    return None if text is None else RulesFile(places.loaded, text)


def loaded_source(places: Places) -> Source | None:
    """None where nothing is loaded, or a start was killed before it could say from where."""
    text = read_text(places.loaded_from)
    if text is None:
        return None
    foreign, weights, uptime, path, origin, _ = text.split("\n")
    line = f"{origin}\n" if origin else ""
    return Source(path, line, Foreign(foreign), Weights(weights), float(uptime))


def our_services(places: Places) -> Collection[ServiceKey]:
    """What we have loaded, or were loading when we were killed."""
    ours: set[ServiceKey] = set()
    for path in (places.loaded, places.loading):
        text = read_text(path)
        if text is not None:
            ours.update(RulesFile(path, text).table().services)
    return ours


def announce_loading(text: str, places: Places) -> None:
    write_text(places.loading, text)


def remember_loaded(source: RulesFile, foreign: Foreign, weights: Weights, places: Places) -> None:
    """What is said of the rules goes first: until they are there themselves, they are news."""
    is_new = read_text(places.loaded) != source.text
    before = loaded_source(places)
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    if before is not None and not is_new and before.path == source.path:
        uptime = before.uptime
    now = Source(source.path, source.origin, foreign, weights, uptime)
    if now != before:
        lines = (foreign.value, weights.value, repr(uptime), now.path, now.origin or "\n")
        write_text(places.loaded_from, "\n".join(lines))
    if is_new:
        write_text(places.loaded, source.text)
    remove_file(places.loading)


def forget_loading(places: Places) -> None:
    remove_file(places.loading)


def forget_loaded(places: Places) -> None:
    for path in (places.loading, places.loaded_from, places.loaded):
        remove_file(path)


def read_known(places: Places) -> Known:
    """What an earlier start has worked out; empty if there is nothing, or nothing of use."""
    try:
        with open(places.known, "rb") as file:  # noqa: PTH123 - on the start path
            form, known = marshal.load(file)  # noqa: S302 - only we can write there
    except (OSError, EOFError, ValueError, TypeError):
        return {}
    return known if form == _KNOWN_FORM else {}


def remember_known(known: Known, before: Known, places: Places) -> None:
    if known != before:
        write_bytes(places.known, marshal.dumps((_KNOWN_FORM, dict(known))))
