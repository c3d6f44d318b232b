"""The verb status: the live table with its counters, and how it has drifted from the rules."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from lvsboot.commands import rulefiles
from lvsboot.commands.rulefiles import Places
from lvsboot.errors import HostError
from lvsboot.ipvs.changes import Change, diff, diff_daemons
from lvsboot.ipvs.connections import Connection, parse_connections
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.live import LiveService, live_table, read_live
from lvsboot.ipvs.table import Daemon, DaemonRole, Table, Timeouts
from lvsboot.light_typing import NamedTuple, TypeAlias

CONNECTIONS = "/proc/net/ip_vs_conn"

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = Places()


class Status(NamedTuple):
    """`drift` is what a reload would change; `source` None: what was loaded has no file now."""

    loaded: bool
    source: str | None
    services: tuple[LiveService, ...]
    timeouts: Timeouts
    daemons: tuple[tuple[DaemonRole, Daemon], ...]
    drift: tuple[Change, ...]
    connections: tuple[Connection, ...] | None = None


def read_status(
    *, connections: bool = False, places: Places = _HOST, connect: Connect = open_kernel
) -> Status:
    """The live table with its counters, and how it differs from what was loaded."""
    loaded = rulefiles.loaded_rules(places)
    with connect() as kernel:
        services = read_live(kernel)
        timeouts, daemons = kernel.read_timeouts(), kernel.read_daemons()
    drift: tuple[Change, ...] = ()
    if loaded is not None:
        actual = Table(live_table(services), timeouts, daemons)
        desired = loaded.table()
        drift = (*diff(actual, desired, ours=desired.services), *diff_daemons(actual, desired))
    return Status(
        loaded=loaded is not None,
        source=None if loaded is None else rulefiles.loaded_source(loaded, places),
        services=services,
        timeouts=timeouts,
        daemons=tuple(sorted(daemons.items())),
        drift=drift,
        connections=_read_connections() if connections else None,
    )


def _read_connections() -> tuple[Connection, ...]:
    try:
        with open(CONNECTIONS, encoding="ascii") as file:  # noqa: PTH123 - as rulefiles
            return parse_connections(file.read())
    except OSError as error:
        raise HostError(f"cannot read {CONNECTIONS}: {error.strerror}") from error
