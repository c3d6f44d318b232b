"""Checks of a director's table: services, real servers, timeouts, sync daemons."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.commands.verify.facts import LiveFacts, TableFacts
from lvsboot.commands.verify.results import Result, failure, found, ok, unseen, warning
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    SetTimeouts,
    TableChange,
    diff,
    keep_weights,
)
from lvsboot.ipvs.rules.format import (
    format_daemon,
    format_destination,
    format_destination_options,
    format_service,
    format_service_key,
    format_timeouts,
)
from lvsboot.ipvs.table import Daemon, DaemonRole, SchedulerFlag, Table
from lvsboot.policy import Foreign, Weights
from lvsboot.role.constraints.services import HASHING
from lvsboot.role.model import Director, Sync

SERVICES, SERVERS, TIMEOUTS = "table.services", "table.real_servers", "table.timeouts"
WEIGHTS, NEXT_START, DRAINED = "table.weights", "table.next_start", "table.drained"
DAEMONS = "sync.daemons"
_CHECKS = (SERVICES, SERVERS, TIMEOUTS)
_RELOAD = "`systemctl reload lvs`"


def check_table(director: Director, live: LiveFacts) -> Iterator[Result]:
    facts = live.table
    if facts is None or isinstance(facts, Unseen):
        reason = Unseen("the kernel has no IPVS", is_moot=True) if facts is None else facts
        for check in (*_CHECKS, *((DAEMONS,) if director.sync else ())):
            yield unseen(check, reason)
        return
    yield from _against_the_role(director, facts)
    yield from found(DRAINED, _drained(facts.actual), "no hashing scheduler refuses clients")
    if facts.saved_from is not None:
        text = f"the rules that count are {facts.saved_from}, saved after the role was applied"
        yield ok(NEXT_START, text)
    notes = (
        warning(
            NEXT_START, note, "the next start loads what is loaded", f"`lvsboot save`, or {_RELOAD}"
        )
        for note in facts.next_start
    )
    yield from notes
    if director.sync is not None:
        problems = _daemons(director.sync, facts.actual)
        yield from found(DAEMONS, problems, "the role's sync daemons run")


def _against_the_role(director: Director, facts: TableFacts) -> Iterator[Result]:
    desired = facts.desired
    if director.weights is Weights.KEEP:
        desired = keep_weights(facts.actual, desired)
        kept = [_change(change) for change in diff(desired, facts.desired)]
        yield from (
            warning(WEIGHTS, result.seen, result.expected, "weights: keep leaves it as it was set")
            for result in kept
        )
    ours = None if director.foreign_services is Foreign.REMOVE else facts.ours
    results = [_change(change) for change in diff(facts.actual, desired, ours=ours)]
    count = sum(len(service.destinations) for service in desired.services.values())
    right = {
        SERVICES: f"{len(desired.services)} services are in the table",
        SERVERS: f"{count} real servers are in the table",
        TIMEOUTS: "the timeouts are the role's",
    }
    for check in _CHECKS:
        yield from found(check, (each for each in results if each.id == check), right[check])


def _change(change: TableChange) -> Result:
    match change:
        case AddService(key, options):
            return _missing(SERVICES, format_service_key(key), format_service(key, options))
        case EditService(key, options, before):
            seen, expected = format_service(key, before), format_service(key, options)
            return failure(SERVICES, seen, expected, _RELOAD)
        case DeleteService(key, before):
            seen = f"{format_service(key, before.options)} is in the table"
            expected = "no such service: neither the role nor another program has it"
            return failure(SERVICES, seen, expected, _RELOAD)
        case AddDestination(service, key, destination):
            where = f"{format_service_key(service)} {format_destination(key, destination)}"
            return _missing(SERVERS, where, where)
        case EditDestination(service, key, destination, before):
            where = f"{format_service_key(service)} {format_destination(key, before)}"
            expected = format_destination_options(destination)
            return failure(SERVERS, where, expected, _RELOAD)
        case DeleteDestination(service, key, before):
            where = f"{format_service_key(service)} {format_destination(key, before)}"
            return failure(SERVERS, f"{where} is in the table", "no such real server", _RELOAD)
        case SetTimeouts(timeouts, before):
            seen, expected = format_timeouts(before), format_timeouts(timeouts)
            return failure(TIMEOUTS, seen, expected, _RELOAD)


def _missing(check: str, what: str, expected: str) -> Result:
    return failure(check, f"{what} is not in the table", expected, _RELOAD)


def _drained(table: Table) -> Iterator[Result]:
    for key, service in table.services.items():
        options = service.options
        if options.scheduler not in HASHING or SchedulerFlag.FALLBACK in options.scheduler_flags:
            continue
        zero = [where for where, row in service.destinations.items() if row.weight == 0]
        if zero and len(zero) < len(service.destinations):
            seen = (
                f"{format_service_key(key)}: {len(zero)} real servers have weight 0, and "
                f"{options.scheduler} refuses the clients that it assigns to them"
            )
            fix = f"{HASHING[options.scheduler]} in the role, or remove the real server there"
            yield warning(DRAINED, seen, "weight 0 sends clients to other real servers", fix)


def _daemons(sync: Sync, table: Table) -> Iterator[Result]:
    wanted = Daemon(
        sync.interface, sync.id, sync.max_length or 0, sync.group.packed, sync.port, sync.ttl
    )
    for role in sync.mode.daemons:
        actual = table.daemons.get(role)
        expected = format_daemon(role, wanted)
        if actual is None:
            seen = f"no sync daemon runs as {role}"
        elif not _is_same(actual, wanted):
            seen = format_daemon(role, actual)
        else:
            continue
        yield failure(DAEMONS, seen, expected, f"`systemctl restart lvs-sync@{role}`")
    for role in DaemonRole:
        if role in table.daemons and role not in sync.mode.daemons:
            seen, fix = f"a sync daemon runs as {role}", f"`ipvsadm --stop-daemon {role}`"
            yield failure(DAEMONS, seen, f"only {sync.mode.value}, by {paths.ROLE}", fix)


def _is_same(actual: Daemon, wanted: Daemon) -> bool:
    """With the kernel's own length where the role leaves it to the kernel."""
    length = wanted.max_length or actual.max_length
    return actual == wanted._replace(max_length=length)
