"""The IPVS table that a director's role declares."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs import table
from lvsboot.ipvs.rules import format_rules
from lvsboot.role.model import Director
from lvsboot.role.services import (
    Destination,
    MarkedService,
    Persistence,
    Service,
    Tunnel,
    VirtualService,
)


def render_rules(director: Director) -> File:
    return File(paths.RULES, format_rules(declared_table(director)))


def declared_table(director: Director) -> table.Table:
    services = {_key(service): _service(service) for service in director.services}
    return table.Table(services, director.timeouts)


def _key(service: Service) -> table.ServiceKey:
    match service.identity:
        case VirtualService(vip, port, protocol):
            return table.VirtualAddress(protocol, vip.packed, port)
        case MarkedService(mark, family):
            return table.FirewallMark(mark, family)


def _service(service: Service) -> table.Service:
    persistence = service.persistence
    options = table.ServiceOptions(
        scheduler=service.scheduler,
        scheduler_flags=service.scheduler_flags,
        one_packet=service.one_packet,
        persistence=_persistence(persistence, service.family) if persistence else None,
        engine=(persistence.engine if persistence else None) or "",
    )
    destinations = dict(
        _destination(service.port, destination) for destination in service.destinations
    )
    return table.Service(options, destinations)


def _persistence(persistence: Persistence, family: table.Family) -> table.Persistence:
    whole = 32 if family is table.Family.IPV4 else 128
    prefix = whole if persistence.prefix is None else persistence.prefix
    return table.Persistence(persistence.timeout, table.prefix_netmask(family, prefix))


def _destination(
    service_port: int, destination: Destination
) -> tuple[table.DestinationKey, table.Destination]:
    port = service_port if destination.port is None else destination.port
    key = table.DestinationKey(destination.address.packed, port)
    tunnel = table.PLAIN_IPIP if destination.tunnel is None else _tunnel(destination.tunnel)
    return key, table.Destination(
        destination.method,
        destination.weight,
        destination.upper_threshold,
        destination.lower_threshold,
        tunnel,
    )


def _tunnel(tunnel: Tunnel) -> table.Tunnel:
    checksum = table.TunnelChecksum.FULL if tunnel.checksum else table.TunnelChecksum.NONE
    return table.Tunnel(tunnel.type, tunnel.port or 0, checksum)
