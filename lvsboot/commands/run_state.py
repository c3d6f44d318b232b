"""The files in /run/lvs: the rules that are loaded, their source, and the rules being loaded."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import NamedTuple

from lvsboot.commands.rulefiles import RulesFile, StatePaths
from lvsboot.ipvs.rules.format import format_daemon, format_service
from lvsboot.ipvs.table import Daemon, DaemonRole, Service, ServiceKey, Table
from lvsboot.policy import Foreign, Weights
from lvsboot.system.textfiles import read_text, remove_file, write_text

# Of loaded.from: /run outlives an upgrade of the package.
_SOURCE_VERSION = "1"
_LONGEST_UPTIME = 1e10  # seconds; NaN fails the comparison, too


class Source(NamedTuple):
    """Where the loaded rules come from, when they were loaded, and under which policies.

    `uptime` is the host's at that time, in seconds: clocks jump, above all early in a boot.
    """

    path: str
    origin: str
    foreign: Foreign
    weights: Weights
    uptime: float

    def since(self) -> float:
        """Seconds since the epoch, by the present clock."""
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + self.uptime


def loaded_rules(places: StatePaths) -> RulesFile | None:
    text = read_text(places.loaded)
    return None if text is None else RulesFile(places.loaded, text)


def loaded_source(places: StatePaths) -> Source | None:
    """None where nothing is loaded, or a start was killed before it wrote loaded.from."""
    text = read_text(places.loaded_from)
    return None if text is None else _parse_source(text)


def _parse_source(text: str) -> Source | None:
    """None for a text that is incomplete, or that another version has written."""
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
    """Services of the rules that are loaded, or were being loaded when a start was killed."""
    return our_rules(places).services


def our_rules(places: StatePaths) -> Table:
    """The services and sync daemons of loaded.rules and loading.rules together."""
    services: dict[ServiceKey, Service] = {}
    daemons: dict[DaemonRole, Daemon | None] = {}
    for path in (places.loaded, places.loading):
        text = read_text(path)
        if text is not None:
            table = RulesFile(path, text).table()
            services |= table.services
            daemons |= table.daemons
    return Table(services, daemons=daemons)


def record_loading(source: RulesFile, places: StatePaths) -> str | None:
    """Write loading.rules before the first change, and return its former content.

    It keeps the services and sync daemons that starts which were killed have recorded there.
    """
    former = read_text(places.loading)
    text = source.text
    if former is not None:
        before, now = RulesFile(places.loading, former).table(), source.table()
        lines = [
            f"-A {format_service(key, service.options)}\n"
            for key, service in before.services.items()
            if key not in now.services
        ]
        lines += [
            f"{format_daemon(role, daemon)}\n"
            for role, daemon in before.daemons.items()
            if daemon is not None and role not in now.daemons
        ]
        text = "".join(lines) + text
    write_text(places.loading, text)
    return former


def record_loaded(
    source: RulesFile, foreign: Foreign, weights: Weights, places: StatePaths
) -> None:
    """Write loaded.from before loaded.rules: after a kill between, the next start writes both."""
    is_new = read_text(places.loaded) != source.text
    before = loaded_source(places)
    uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
    # Absolute, as later verbs run in other directories.
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


def restore_loading(former: str | None, places: StatePaths) -> None:
    """Restore loading.rules after a start that changed nothing; `former` is of killed starts."""
    if former is None:
        remove_file(places.loading)
    else:
        write_text(places.loading, former)


def remove_records(places: StatePaths) -> None:
    for path in (places.loading, places.loaded_from, places.loaded, places.stale):
        remove_file(path)
