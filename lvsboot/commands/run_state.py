"""What is loaded, as /run/lvs keeps it: the rules, where they come from, and what is known."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from lvsboot.commands.rulefiles import RulesFile, StatePaths
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.table import ServiceKey
from lvsboot.policy import Foreign, Weights
from lvsboot.system.textfiles import read_text, remove_file, write_text

if TYPE_CHECKING:
    from collections.abc import Collection

# Of loaded.from: /run outlives an upgrade of the package.
_SOURCE_VERSION = "1"
_LONGEST_UPTIME = 1e10  # seconds; what is no number is not less, either


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


def loaded_rules(places: StatePaths) -> RulesFile | None:
    text = read_text(places.loaded)
    return None if text is None else RulesFile(places.loaded, text)


def loaded_source(places: StatePaths) -> Source | None:
    """None where nothing is loaded, or a start was killed before it could say from where."""
    text = read_text(places.loaded_from)
    return None if text is None else _parse_source(text)


def _parse_source(text: str) -> Source | None:
    """None for what another version has written, or nobody: that is as good as nothing."""
    lines = [line.partition("=") for line in text.split("\n")[:-1]]
    fields = {name: _unescape(value) for name, equals, value in lines if equals}
    try:
        source = Source(
            path=fields["path"],
            origin=fields["origin"],
            foreign=Foreign(fields["foreign"]),
            weights=Weights(fields["weights"]),
            uptime=float(fields["uptime"]),
        )
    except (KeyError, ValueError):
        return None
    is_sound = source.path.startswith("/") and 0 <= source.uptime < _LONGEST_UPTIME
    return source if fields.get("version") == _SOURCE_VERSION and is_sound else None


def _source_text(source: Source) -> str:
    fields = {
        "version": _SOURCE_VERSION,
        "path": source.path,
        "origin": source.origin,
        "foreign": source.foreign.value,
        "weights": source.weights.value,
        "uptime": repr(source.uptime),
    }
    return "".join(f"{name}={_escape(value)}\n" for name, value in fields.items())


def _escape(value: str) -> str:
    """A path may hold a newline."""
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _unescape(value: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in value.split("\\\\"))


def our_services(places: StatePaths) -> Collection[ServiceKey]:
    """What we have loaded, or were loading when we were killed."""
    ours: set[ServiceKey] = set()
    for path in (places.loaded, places.loading):
        text = read_text(path)
        if text is not None:
            ours.update(RulesFile(path, text).table().services)
    return ours


def announce_loading(source: RulesFile, places: StatePaths) -> str | None:
    """Adds what is to be loaded to what killed starts have announced; gives what they have."""
    former = read_text(places.loading)
    text = source.text
    if former is not None:
        left = RulesFile(places.loading, former).table().services.keys() - source.table().services
        text = "".join(f"-A {format_service_key(key)}\n" for key in left) + text
    write_text(places.loading, text)
    return former


def remember_loaded(
    source: RulesFile, foreign: Foreign, weights: Weights, places: StatePaths
) -> None:
    """Writes loaded.from before loaded.rules: after a kill in between, the next start does both."""
    is_new = read_text(places.loaded) != source.text
    before = loaded_source(places)
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    # Not as it was typed: whoever reads it is in another folder.
    path = os.path.abspath(source.path)  # noqa: PTH100 - on the start path
    if before is not None and not is_new and before.path == path:
        uptime = before.uptime
    now = Source(path, source.origin, foreign, weights, uptime)
    if now != before:
        write_text(places.loaded_from, _source_text(now))
    if is_new:
        write_text(places.loaded, source.text)
    remove_file(places.loading)
    remove_file(places.stale)


def take_back_loading(former: str | None, places: StatePaths) -> None:
    """For a start of which nothing is left in the table: what killed ones left still is."""
    if former is None:
        remove_file(places.loading)
    else:
        write_text(places.loading, former)


def forget_loaded(places: StatePaths) -> None:
    for path in (places.loading, places.loaded_from, places.loaded, places.stale):
        remove_file(path)
