"""Draws the live table and its connections, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.connections import Connection
from lvsboot.ipvs.live import LiveDestination, LiveService
from lvsboot.ipvs.rules.format import format_destination_options, format_service
from lvsboot.ipvs.table import DestinationKey, FirewallMark, ServiceKey


class Columns(Enum):
    """Which numbers stand beside a row: connections now, totals since zero, or a second's."""

    CONNECTIONS = ("ACTIVE", "INACTIVE")
    STATS = ("CONNS", "IN-PKTS", "OUT-PKTS", "IN-BYTES", "OUT-BYTES")
    RATE = ("CONNS/S", "IN-PKTS/S", "OUT-PKTS/S", "IN-BYTES/S", "OUT-BYTES/S")


def services_text(
    services: Iterable[LiveService],
    columns: Columns = Columns.CONNECTIONS,
    marks: Mapping[tuple[ServiceKey, DestinationKey], str] = {},
) -> str:
    """A table with one row a service and, indented, one a destination, with its mark."""
    rows: list[tuple[str, ...]] = [("SERVICE", "", *columns.value)]
    for service in services:
        rows.append(_service_row(service, columns))
        rows += (
            _destination_row(row, columns, marks.get((service.key, row.key), ""))
            for row in service.destinations
        )
    return _aligned(rows)


def connections_text(connections: Iterable[Connection]) -> str:
    rows: list[tuple[str, ...]] = [
        ("PROTOCOL", "EXPIRES", "STATE", "CLIENT", "SERVICE", "DESTINATION")
    ]
    for row in connections:
        ends = (format_endpoint(*end) for end in (row.client, row.service, row.destination))
        rows.append((row.protocol, f"{row.expires} s", row.state, *ends))
    return _aligned(rows)


def _service_row(service: LiveService, columns: Columns) -> tuple[str, ...]:
    key, _, options = format_service(service.key, service.options).partition(" -s ")
    numbers: Sequence[int]
    match columns:
        case Columns.CONNECTIONS:
            pool = service.destinations
            numbers = (sum(row.active for row in pool), sum(row.inactive for row in pool))
        case Columns.STATS:
            numbers = service.total
        case Columns.RATE:
            numbers = service.rate
    return (key, options, *map(str, numbers))


def _destination_row(row: LiveDestination, columns: Columns, mark: str) -> tuple[str, ...]:
    numbers: Sequence[int]
    match columns:
        case Columns.CONNECTIONS:
            numbers = (row.active, row.inactive)
        case Columns.STATS:
            numbers = row.total
        case Columns.RATE:
            numbers = row.rate
    where = f"  -> {format_endpoint(*row.key)}"
    options = f"{format_destination_options(row.destination)} {mark}".rstrip()
    return (where, options, *map(str, numbers))


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Text to the left; columns that hold numbers, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = [all(cell.isdigit() for cell in column[1:]) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = zip(row, widths, numeric, strict=True)
        lines.append("  ".join(f"{c:>{w}}" if n else f"{c:<{w}}" for c, w, n in cells).rstrip())
    return "".join(f"{line}\n" for line in lines)


def service_value(service: LiveService) -> dict[str, object]:
    """A service as JSON, in the role file's words."""
    options = service.options
    value: dict[str, object] = {**_key_value(service.key), "scheduler": options.scheduler}
    value["scheduler_flags"] = sorted(options.scheduler_flags)
    value["one_packet"] = options.one_packet
    if options.persistence is not None:
        value["persistence"] = {**options.persistence._asdict(), "engine": options.engine or None}
    value["stats"], value["rate"] = service.total._asdict(), service.rate._asdict()
    value["real_servers"] = [_destination_value(row) for row in service.destinations]
    return value


def connection_value(row: Connection) -> dict[str, object]:
    value = row._asdict()
    for name in ("client", "service", "destination"):
        value[name] = format_endpoint(*value[name])
    return value


def _key_value(key: ServiceKey) -> dict[str, object]:
    if isinstance(key, FirewallMark):
        return {"fwmark": key.mark, "family": key.family}
    return {"protocol": key.protocol, "vip": format_address(key.address), "port": key.port}


def _destination_value(row: LiveDestination) -> dict[str, object]:
    destination = row.destination
    value: dict[str, object] = {
        "address": format_address(row.key.address),
        "port": row.key.port,
        **destination._asdict(),
        "active_connections": row.active,
        "inactive_connections": row.inactive,
        "persistent_connections": row.persistent,
        "stats": row.total._asdict(),
        "rate": row.rate._asdict(),
    }
    value["tunnel"] = destination.tunnel._asdict() if destination.method == "tun" else None
    return value
