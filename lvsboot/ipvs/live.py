"""Reads the table with its counters: connections, packets, bytes and their rates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lvsboot.ipvs.decode import (
    decode_destination,
    decode_destination_key,
    decode_key,
    decode_service,
)
from lvsboot.ipvs.kernel import Kernel
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import Dest, Svc
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    Service,
    ServiceKey,
    ServiceOptions,
    destination_order,
    service_order,
)

# IPVS_STATS_ATTR_CONNS to OUTBPS: five counters, then the same five as rates.
_COUNTERS = range(1, 6)
_RATES = range(6, 11)


class Traffic(NamedTuple):
    """Totals since the counters were zeroed, or rates per second."""

    connections: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int


class LiveDestination(NamedTuple):
    key: DestinationKey
    destination: Destination
    active: int
    inactive: int
    persistent: int
    total: Traffic
    rate: Traffic


class LiveService(NamedTuple):
    key: ServiceKey
    options: ServiceOptions
    total: Traffic
    rate: Traffic
    destinations: tuple[LiveDestination, ...] = ()


def read_live(kernel: Kernel) -> tuple[LiveService, ...]:
    """The table with its counters, in the canonical order."""
    found = [decode_live_service(attributes) for attributes in kernel.dump_services()]
    services = [service for service in found if service is not None]
    services.sort(key=lambda service: service_order(service.key))
    return tuple(
        service._replace(destinations=_read_pool(kernel, service.key)) for service in services
    )


def _read_pool(kernel: Kernel, key: ServiceKey) -> tuple[LiveDestination, ...]:
    pool = (decode_live_destination(row, key.family) for row in kernel.dump_pool(key))
    return tuple(sorted(pool, key=lambda row: destination_order(row.key)))


def live_table(services: Iterable[LiveService]) -> dict[ServiceKey, Service]:
    """The services without their counters."""
    return {
        service.key: Service(
            service.options, {row.key: row.destination for row in service.destinations}
        )
        for service in services
    }


def decode_live_service(service: Attributes) -> LiveService | None:
    """Without destinations; None for a protocol that this program does not know."""
    key = decode_key(service)
    if key is None:
        return None
    # Kernels have both since 4.2; the older set's counters wrap at 32 bits.
    total, rate = _traffic(service.nested(Svc.STATS64))
    return LiveService(key, decode_service(service, key.family), total, rate)


def decode_live_destination(destination: Attributes, family: Family) -> LiveDestination:
    total, rate = _traffic(destination.nested(Dest.STATS64))
    return LiveDestination(
        key=decode_destination_key(destination, family),
        destination=decode_destination(destination),
        active=destination.number(Dest.ACTIVE_CONNS, 4),
        inactive=destination.number(Dest.INACT_CONNS, 4),
        persistent=destination.number(Dest.PERSIST_CONNS, 4),
        total=total,
        rate=rate,
    )


def _traffic(statistics: Attributes) -> tuple[Traffic, Traffic]:
    total = Traffic(*(statistics.number(kind, 8) for kind in _COUNTERS))
    rate = Traffic(*(statistics.number(kind, 8) for kind in _RATES))
    return total, rate
