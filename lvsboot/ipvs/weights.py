"""Computes the weights in effect from their layers. No I/O.

From below: the weight of the loaded rules, which the role declares or a save has kept; and what a
person has set by `drain` or `weight`. A higher layer hides those below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from lvsboot.ipvs.changes import (
    NO_SCHEDULER,
    TABLE_SCHEDULERS,
    AddService,
    EditDestination,
    EditService,
    TableChange,
    keep_weights,
)
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    SchedulerFlag,
    Service,
    ServiceKey,
    ServiceOptions,
    Table,
)
from lvsboot.policy import Weights

MOST_WEIGHT = 0x7FFFFFFF
_KEEPS_LAST_WEIGHT = "mh"


class Target(NamedTuple):
    """A real server: with all its ports where `port` is None, in every service without `service`.

    In every service means in later ones, too.
    """

    address: bytes
    port: int | None = None
    service: ServiceKey | None = None


class Override(NamedTuple):
    """A weight that a person has set, 0 for a drain; `since` in seconds since the epoch."""

    weight: int
    since: int
    by: str


# In the order in which they were set, the newest last.
Overrides: TypeAlias = dict[Target, Override]


def is_weight(number: int) -> bool:
    """Whether the kernel takes it, and the file of what a person has set."""
    return 0 <= number <= MOST_WEIGHT and not isinstance(number, bool)


def effective_weight(base: int, override: Override | None) -> int:
    return base if override is None else override.weight


def override_of(overrides: Overrides, service: ServiceKey, key: DestinationKey) -> Override | None:
    """The newest of those that the destination is among."""
    meant = Target(*key, service)
    return next((overrides[each] for each in reversed(overrides) if covers(each, meant)), None)


def covers(target: Target, other: Target) -> bool:
    """Whether `target` is the same as `other` or wider."""
    return (
        target.address == other.address
        and target.port in {None, other.port}
        and target.service in {None, other.service}
    )


def with_override(overrides: Overrides, target: Target, override: Override) -> Overrides:
    """The newest, so that each destination of the target has this weight."""
    return {**without_override(overrides, target), target: override}


def without_override(overrides: Overrides, target: Target) -> Overrides:
    return {each: row for each, row in overrides.items() if not covers(target, each)}


def overridden_destinations(
    table: Table, overrides: Overrides
) -> Iterator[tuple[ServiceKey, DestinationKey, Override]]:
    by_address: dict[bytes, Overrides] = {}
    for target, row in overrides.items():
        by_address.setdefault(target.address, {})[target] = row
    for service, (_, pool) in table.services.items() if by_address else ():
        for key in pool:
            if key.address in by_address:
                override = override_of(by_address[key.address], service, key)
                if override is not None:
                    yield service, key, override


def with_weights(table: Table, weights: Iterable[tuple[ServiceKey, DestinationKey, int]]) -> Table:
    """The table with these weights of its own destinations."""
    services = dict(table.services)
    for service, key, weight in weights:
        options, pool = services[service]
        row = pool[key]
        if row.weight != weight:
            services[service] = Service(options, {**pool, key: row._replace(weight=weight)})
    return table._replace(services=services)


def with_overrides(table: Table, overrides: Overrides) -> Table:
    """The table with the weights in effect, where its own are those of the loaded rules."""
    found = overridden_destinations(table, overrides)
    return with_weights(
        table,
        (
            (service, key, effective_weight(table.services[service].destinations[key].weight, row))
            for service, key, row in found
        ),
    )


def desired_table(actual: Table, rules: Table, weights: Weights, overrides: Overrides) -> Table:
    """What a start or reload brings the table to."""
    base = keep_weights(actual, rules) if weights is Weights.KEEP else rules
    return with_overrides(base, overrides)


def refuses_clients(options: ServiceOptions) -> bool:
    """Whether clients that the scheduler has given to a drained real server are refused."""
    if options.scheduler in TABLE_SCHEDULERS:
        return SchedulerFlag.FALLBACK not in options.scheduler_flags
    return options.scheduler == "dh"


def refusing_services(table: Table, overrides: Overrides) -> Iterable[ServiceKey]:
    """Services with a drained real server whose clients they refuse."""
    found = overridden_destinations(table, overrides)
    drained = dict.fromkeys(service for service, _, override in found if not override.weight)
    return (key for key in drained if refuses_clients(table.services[key].options))


def add_at_base(changes: Iterable[TableChange], rules: Table) -> Iterator[TableChange]:
    """The same changes, where the destinations of a new mh service get their rules' weights first.

    Its lookup table has the last weight that was not 0 (last_weight in ip_vs_mh.c). Added with 0,
    a destination would have no place in it, and other clients' servers would not be those of a
    director that was drained while it ran. sh takes the present weights.
    """
    for change in changes:
        if isinstance(change, AddService) and change.options.scheduler == _KEEPS_LAST_WEIGHT:
            yield from _service_at_base(change, rules.services[change.key].destinations)
        else:
            yield change


def _service_at_base(
    change: AddService, base: Mapping[DestinationKey, Destination]
) -> Iterator[TableChange]:
    key, options, pool = change
    if all(base[where].weight == row.weight for where, row in pool.items()):
        yield change
        return
    before = {where: row._replace(weight=base[where].weight) for where, row in pool.items()}
    # Under `none` while it is built, as build_pools_once() has it.
    bare = options._replace(scheduler=NO_SCHEDULER)
    yield AddService(key, bare, before)
    for where, row in pool.items():
        if row != before[where]:
            yield EditDestination(key, where, row, before[where])
    yield EditService(key, options, bare)
