"""The verb status: the live table with its counters, and how it has drifted from the rules."""

# ruff: noqa: PTH110, PTH114 - as all that shares modules with the start path: without pathlib

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from lvsboot import paths
from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import NOTHING_SET, WeightState, read_weight_state
from lvsboot.errors import LvsbootError
from lvsboot.host import debian_ipvsadm
from lvsboot.ipvs.changes import Change, diff, diff_daemons
from lvsboot.ipvs.connections import Connection, parse_connections
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.live import LiveService, live_table, read_live
from lvsboot.ipvs.table import Daemon, DaemonRole, Table, Timeouts
from lvsboot.ipvs.weights import desired_table, with_overrides
from lvsboot.policy import Weights
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.textfiles import read_text

CONNECTIONS = "/proc/net/ip_vs_conn"

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = StatePaths()


class Status(NamedTuple):
    """`source` and `since` are of the loaded rules; None where that is not known.

    `drift` is what a reload of them would change, and `kept_weights` what it would not, since live
    weights are kept. `notes` say where the next start would load other rules. `weights` are those
    that a person has set.
    """

    loaded: bool
    source: str | None
    since: float | None
    services: tuple[LiveService, ...]
    timeouts: Timeouts
    daemons: tuple[tuple[DaemonRole, Daemon], ...]
    drift: tuple[Change, ...]
    kept_weights: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    connections: tuple[Connection, ...] | None = None
    weights: WeightState = NOTHING_SET


def read_status(
    *, connections: bool = False, places: StatePaths = _HOST, connect: Connect = open_kernel
) -> Status:
    """The live table with its counters, and how it differs from what was loaded."""
    loaded = run_state.loaded_rules(places)
    source, weights = run_state.loaded_source(places), read_weight_state(places)
    with connect() as kernel:
        services = read_live(kernel)
        timeouts, daemons = kernel.read_timeouts(), kernel.read_daemons()
    drift: tuple[Change, ...] = ()
    kept: tuple[Change, ...] = ()
    if loaded is not None:
        actual, declared = Table(live_table(services), timeouts, daemons), loaded.table()
        asked = Weights.DECLARED if source is None else source.weights
        desired = desired_table(actual, declared, weights.policy(asked), weights.overrides)
        kept = diff(desired, with_overrides(declared, weights.overrides))
        drift = (*diff(actual, desired, ours=declared.services), *diff_daemons(actual, declared))
    return Status(
        loaded=loaded is not None,
        source=None if source is None else source.path,
        since=None if source is None else source.since(),
        services=services,
        timeouts=timeouts,
        daemons=tuple(sorted(daemons.items())),
        drift=drift,
        kept_weights=kept,
        notes=()
        if loaded is None
        else (*next_notes(loaded.text, source, places), *_debian_service_notes()),
        connections=_read_connections() if connections else None,
        weights=weights,
    )


def next_notes(loaded: str, source: run_state.Source | None, places: StatePaths) -> list[str]:
    """Sentences on the next start, where it would load other rules than `loaded`."""
    if source is not None and source.path not in {places.rules, places.saved}:
        return [f"the next start loads {places.rules}"]
    try:
        following = rulefiles.choose_rules(places)
    except LvsbootError as error:
        return [f"warning: the next start fails: {error}"]
    notes = [following.note] if following.damaged or following.path == places.rules else []
    notes = [note for note in notes if note]
    if following.text != loaded:
        same = source is not None and source.path == following.path
        why = "which has changed since" if same else "which is not what is loaded"
        notes.append(f"the next start loads {following.path}, {why}")
    return notes


def _debian_service_notes() -> list[str]:
    """What Debian's ipvsadm service would do to the table at the next boot."""
    mask = f"{paths.UNITS}/{debian_ipvsadm.SERVICE}"
    if os.path.islink(mask) or not os.path.exists(debian_ipvsadm.SCRIPT):
        return []
    try:
        texts = read_text(debian_ipvsadm.SETTINGS), read_text(debian_ipvsadm.RULES)
    except LvsbootError as error:
        return [f"warning: what {debian_ipvsadm.SERVICE} would do is not known: {error}"]
    sentence = debian_ipvsadm.boot_sentence(*texts)
    return [f"warning: {sentence}"] if sentence is not None else []


def _read_connections() -> tuple[Connection, ...]:
    with (
        translate_os_errors("read", CONNECTIONS),
        open(CONNECTIONS, encoding="ascii") as file,  # noqa: PTH123 - may be very large
    ):
        return parse_connections(file.read())
