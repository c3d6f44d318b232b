"""The real servers and destinations that the words of drain, undrain and weight mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lvsboot.errors import HostError, UsageError
from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.service_name import format_service_name, parse_endpoint, parse_service_name
from lvsboot.ipvs.table import DestinationKey, ServiceKey, Table
from lvsboot.ipvs.weights import Overrides, Target, covers


class Words(NamedTuple):
    """A real server's address, and its port or None; each named service with what it may mean."""

    endpoint: tuple[bytes, int | None]
    services: tuple[tuple[str, tuple[ServiceKey, ...]], ...]


def parse_words(real_server: str, services: Sequence[str]) -> Words:
    """Raises UsageError: before a lock is taken and rules are read."""
    endpoint = parse_endpoint(real_server)
    if endpoint is None:
        raise UsageError(f"{real_server!r} is not a real server: ADDRESS, or ADDRESS:PORT")
    meant = tuple((name, parse_service_name(name)) for name in services)
    for name, keys in meant:
        if not keys:
            raise UsageError(f"{name!r} is not a service: VIP:PORT, VIP:PORT/udp or fwmark:NUMBER")
    return Words(endpoint, meant)


def find_targets(
    words: Words, table: Table, overrides: Overrides | None = None
) -> tuple[Target, ...]:
    """What the words mean: real servers of the rules, or also what is in `overrides` alone."""
    if not words.services:
        every = (Target(*words.endpoint),)
        _require_present(every, table, overrides)
        return every
    known = {*table.services, *(target.service for target in overrides or ())}
    found: list[Target] = []
    for name, meant in words.services:
        present = [key for key in meant if key in known]
        if not present:
            names = ", ".join(map(format_service_name, table.services))
            raise HostError(f"{name} is none of the rules' services: {names or 'there are none'}")
        of_name = [Target(*words.endpoint, key) for key in present]
        _require_present(of_name, table, overrides)
        found += of_name
    return tuple(dict.fromkeys(found))


def destinations_of(
    targets: Iterable[Target], table: Table
) -> tuple[tuple[ServiceKey, DestinationKey], ...]:
    return tuple(
        (service, key)
        for target in targets
        for service, (_, pool) in table.services.items()
        for key in pool
        if covers(target, Target(*key, service))
    )


def _require_present(targets: Sequence[Target], table: Table, overrides: Overrides | None) -> None:
    if overrides is not None or destinations_of(targets, table):
        return
    meant = {target.service for target in targets}
    pools = [pool for key, (_, pool) in table.services.items() if not meant.isdisjoint({None, key})]
    addresses = sorted({key.address for pool in pools for key in pool})
    known = ", ".join(map(format_address, addresses[:10])) or "none"
    more = ", ..." if len(addresses) > 10 else ""
    where = "the rules, which have"
    if targets[0].service is not None:
        where = f"{format_service_name(targets[0].service)}, which has"
    raise HostError(f"{target_name(targets[0])} is no real server of {where} {known}{more}")


def target_name(target: Target) -> str:
    if target.port is None:
        return format_address(target.address)
    return format_endpoint(target.address, target.port)
