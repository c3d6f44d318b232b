"""Parses ipvsadm's output: the lab reads the kernel's table by it, never by lvsboot."""

from __future__ import annotations

from dataclasses import dataclass

from lab.vm import VM


@dataclass(frozen=True, slots=True)
class RealServer:
    """One destination of the table's only service."""

    address: str
    weight: int
    connections: int


@dataclass(frozen=True, slots=True)
class Service:
    """A table with one service, as the guide's clusters have it."""

    scheduler: str
    real_servers: tuple[RealServer, ...]


def read_service(director: VM) -> Service:
    listing = director.run("ipvsadm -Ln")
    statistics = director.run("ipvsadm -Ln --stats --exact")
    return parse_service(listing, statistics)


def parse_service(listing: str, statistics: str) -> Service:
    """From `ipvsadm -Ln`, and `ipvsadm -Ln --stats --exact` for how many were scheduled."""
    (service,) = (line for line in listing.splitlines() if line.startswith("TCP "))
    weights = {row[1]: int(row[3]) for row in _destinations(listing)}
    connections = {row[1]: int(row[2]) for row in _destinations(statistics)}
    return Service(
        scheduler=service.split()[2],
        real_servers=tuple(
            RealServer(destination.rpartition(":")[0], weight, connections[destination])
            for destination, weight in weights.items()
        ),
    )


def _destinations(text: str) -> list[list[str]]:
    rows = [line.split() for line in text.splitlines()]
    return [row for row in rows if row[:1] == ["->"] and row[1][0].isdigit()]
