"""Computes the changes that turn one table into another, in a safe order. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, starmap
from typing import NamedTuple, TypeAlias, assert_never

from lvsboot.ipvs.table import (
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Service,
    ServiceKey,
    ServiceOptions,
    Table,
    Timeouts,
)


class AddService(NamedTuple):
    """Brings its destinations with it."""

    key: ServiceKey
    options: ServiceOptions
    destinations: Mapping[DestinationKey, Destination] = {}


class EditService(NamedTuple):
    key: ServiceKey
    options: ServiceOptions
    before: ServiceOptions


class DeleteService(NamedTuple):
    """Takes the service's destinations with it."""

    key: ServiceKey
    before: Service


class AddDestination(NamedTuple):
    service: ServiceKey
    key: DestinationKey
    destination: Destination


class EditDestination(NamedTuple):
    service: ServiceKey
    key: DestinationKey
    destination: Destination
    before: Destination


class DeleteDestination(NamedTuple):
    service: ServiceKey
    key: DestinationKey
    before: Destination


class SetTimeouts(NamedTuple):
    timeouts: Timeouts
    before: Timeouts


class StartDaemon(NamedTuple):
    role: DaemonRole
    daemon: Daemon


class StopDaemon(NamedTuple):
    role: DaemonRole
    before: Daemon


ServiceChange: TypeAlias = AddService | EditService | DeleteService
DestinationChange: TypeAlias = AddDestination | EditDestination | DeleteDestination
TableChange: TypeAlias = ServiceChange | DestinationChange | SetTimeouts
DaemonChange: TypeAlias = StartDaemon | StopDaemon
Change: TypeAlias = TableChange | DaemonChange


def diff(
    actual: Table, desired: Table, *, ours: Collection[ServiceKey] | None = None
) -> tuple[TableChange, ...]:
    """Changes that make the services and timeouts of `actual` those of `desired`.

    Capacity never dips: first what is new, then edits, then deletions. A service that is not
    desired is deleted if it is in `ours`; None means that all services are.
    """
    kept = [
        (key, actual.services[key], row)
        for key, row in desired.services.items()
        if key in actual.services and actual.services[key] != row
    ]
    gone = [
        (key, row)
        for key, row in actual.services.items()
        if key not in desired.services and (ours is None or key in ours)
    ]
    changes: list[TableChange] = [
        AddService(key, *row) for key, row in desired.services.items() if key not in actual.services
    ]
    changes += chain.from_iterable(starmap(_pool_additions, kept))
    changes += chain.from_iterable(starmap(_edits, kept))
    changes += _timeout_edits(actual.timeouts, desired.timeouts)
    changes += chain.from_iterable(starmap(_pool_deletions, kept))
    changes += starmap(DeleteService, gone)
    return tuple(changes)


def _pool_additions(key: ServiceKey, present: Service, wanted: Service) -> Iterator[TableChange]:
    for where, destination in wanted.destinations.items():
        if where not in present.destinations:
            yield AddDestination(key, where, destination)


def _edits(key: ServiceKey, present: Service, wanted: Service) -> Iterator[TableChange]:
    if present.options != wanted.options:
        yield EditService(key, wanted.options, present.options)
    for where, destination in wanted.destinations.items():
        before = present.destinations.get(where)
        if before is not None and before != destination:
            yield EditDestination(key, where, destination, before)


def _pool_deletions(key: ServiceKey, present: Service, wanted: Service) -> Iterator[TableChange]:
    for where, before in present.destinations.items():
        if where not in wanted.destinations:
            yield DeleteDestination(key, where, before)


def _timeout_edits(present: Timeouts, wanted: Timeouts) -> Iterator[TableChange]:
    """A wanted timeout of 0 keeps the present one."""
    merged = Timeouts(*(want or have for have, want in zip(present, wanted, strict=True)))
    if merged != present:
        yield SetTimeouts(merged, present)


def diff_daemons(actual: Table, desired: Table) -> tuple[DaemonChange, ...]:
    """Changes that make the sync daemons those of `desired`; one that differs is restarted."""
    changes: list[DaemonChange] = []
    for role, wanted in desired.daemons.items():
        present = actual.daemons.get(role)
        if present is not None and (wanted is None or not _daemon_fits(role, present, wanted)):
            changes.append(StopDaemon(role, present))
            present = None
        if present is None and wanted is not None:
            changes.append(StartDaemon(role, wanted))
    return tuple(changes)


def _daemon_fits(role: DaemonRole, present: Daemon, wanted: Daemon) -> bool:
    """What the rules leave open is the kernel's choice; a sync id that is left out is 0."""
    exact = (wanted.interface, wanted.sync_id) == (present.interface, present.sync_id)
    open_to_choice = (
        (wanted.group, present.group),
        (wanted.port, present.port),
        (wanted.ttl, present.ttl),
    )
    return (
        exact
        and _length_fits(role, present.max_length, wanted.max_length)
        and all(not asked or asked == found for asked, found in open_to_choice)
    )


# Of start_sync_thread() in ip_vs_sync.c: a backup's least, and what an MTU of 1500 leaves beside
# the longer, IPv6 and UDP headers.
_LEAST_BACKUP_LENGTH = 1024
_LEAST_LIMIT = 1500 - 48


def _length_fits(role: DaemonRole, present: int, wanted: int) -> bool:
    """The kernel clamps a message's length to what the interface carries."""
    least = _LEAST_BACKUP_LENGTH if role is DaemonRole.BACKUP else 1
    return (
        wanted in {0, present} or max(wanted, least) == present or _LEAST_LIMIT <= present < wanted
    )


def keep_weights(actual: Table, desired: Table) -> Table:
    """The desired table with the live weights, which a health checker or a drain has set."""
    services = dict(desired.services)
    for key, wanted in desired.services.items():
        present = actual.services.get(key)
        if present is not None and present.destinations != wanted.destinations:
            kept = {
                where: destination._replace(
                    weight=present.destinations.get(where, destination).weight
                )
                for where, destination in wanted.destinations.items()
            }
            services[key] = Service(wanted.options, kept)
    return desired._replace(services=services)


def steps(change: Change) -> tuple[Change, ...]:
    """The parts of a change that the kernel carries out, or refuses, one by one."""
    if isinstance(change, AddService) and change.destinations:
        key, options, pool = change
        additions = (AddDestination(key, where, row) for where, row in pool.items())
        return AddService(key, options), *additions
    return (change,)


def all_steps(changes: Iterable[Change]) -> Iterator[Change]:
    return chain.from_iterable(map(steps, changes))


def count_steps(change: Change) -> int:
    return 1 + len(change.destinations) if isinstance(change, AddService) else 1


def inverse(change: Change) -> tuple[Change, ...]:
    """Changes that undo `change`, in order. A deleted service returns without its counters."""
    undo: tuple[Change, ...]
    match change:
        case AddService(key, options, destinations):
            undo = (DeleteService(key, Service(options, destinations)),)
        case EditService(key, options, before):
            undo = (EditService(key, before, options),)
        case DeleteService(key, before):
            undo = (AddService(key, *before),)
        case AddDestination(service, key, destination):
            undo = (DeleteDestination(service, key, destination),)
        case EditDestination(service, key, destination, before):
            undo = (EditDestination(service, key, before, destination),)
        case DeleteDestination(service, key, before):
            undo = (AddDestination(service, key, before),)
        case SetTimeouts(timeouts, before):
            undo = (SetTimeouts(before, timeouts),)
        case StartDaemon(role, daemon):
            undo = (StopDaemon(role, daemon),)
        case StopDaemon(role, daemon):
            undo = (StartDaemon(role, daemon),)
        case _:
            assert_never(change)
    return undo


def is_in_effect(change: Change, table: Table) -> bool:
    """Whether the table shows the result of the change."""
    match change:
        case AddService(key, _, wanted_pool):
            found = table.services.get(key)
            return found is not None and wanted_pool.items() <= found.destinations.items()
        case EditService(key, options):
            return key in table.services and table.services[key].options == options
        case DeleteService(key):
            return key not in table.services
        case AddDestination(service, key, wanted) | EditDestination(service, key, wanted):
            present = table.services.get(service)
            return present is not None and present.destinations.get(key) == wanted
        case DeleteDestination(service, key):
            present = table.services.get(service)
            return present is None or key not in present.destinations
        case SetTimeouts(timeouts):
            return table.timeouts == timeouts
        case StartDaemon(role):
            return role in table.daemons
        case StopDaemon(role):
            return role not in table.daemons
        case _:
            assert_never(change)


# Both rebuild their lookup table each time a destination is added.
TABLE_SCHEDULERS = frozenset({"mh", "sh"})
NO_SCHEDULER = "none"


def build_pools_once(changes: Iterable[TableChange]) -> Iterator[TableChange]:
    """The same changes, with the scheduler of a new mh or sh service set after its destinations.

    Until then it has the kernel's scheduler `none`, which refuses connections: no client
    loses one, since the service did not exist before.
    """
    for change in changes:
        if isinstance(change, AddService) and change.options.scheduler in TABLE_SCHEDULERS:
            bare = change.options._replace(scheduler=NO_SCHEDULER)
            yield AddService(change.key, bare, change.destinations)
            yield EditService(change.key, change.options, bare)
        else:
            yield change
