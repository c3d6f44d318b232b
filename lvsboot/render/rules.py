"""The IPVS table that a director's role declares, and the modules that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.ipvs import table
from lvsboot.ipvs.rules import format_rules
from lvsboot.model import (
    Destination,
    Director,
    MarkedService,
    Persistence,
    Service,
    Tunnel,
    VirtualService,
)
from lvsboot.tree import File

_CHECKSUM = {False: table.TunnelChecksum.NONE, True: table.TunnelChecksum.FULL}


def render_rules(director: Director) -> File:
    return File(paths.RULES, format_rules(declared_table(director)))


def render_modules(director: Director) -> Iterator[File]:
    """modules-load.d: net.ipv4.vs.* and the sandboxed rule loader both need them there before."""
    modules = needed_modules(director)
    yield File(paths.MODULES, "".join(f"{module}\n" for module in modules))
    if director.connection_table_bits is not None:
        bits = director.connection_table_bits
        yield File(paths.MODPROBE, f"options ip_vs conn_tab_bits={bits}\n")


def needed_modules(director: Director) -> tuple[str, ...]:
    schedulers = {f"ip_vs_{service.scheduler}" for service in director.services}
    engines = {
        f"ip_vs_pe_{service.persistence.engine}"
        for service in director.services
        if service.persistence is not None and service.persistence.engine is not None
    }
    return ("ip_vs", *sorted(schedulers | engines))


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
        persistence=_persistence(persistence, service.family) if persistence is not None else None,
        engine=(persistence.engine or "") if persistence is not None else "",
    )
    return table.Service(options, dict(_destination(service, it) for it in service.destinations))


def _persistence(persistence: Persistence, family: table.Family) -> table.Persistence:
    whole = 32 if family is table.Family.IPV4 else 128
    prefix = whole if persistence.prefix is None else persistence.prefix
    return table.Persistence(persistence.timeout, table.prefix_netmask(family, prefix))


def _destination(
    service: Service, destination: Destination
) -> tuple[table.DestinationKey, table.Destination]:
    port = service.port if destination.port is None else destination.port
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
    return table.Tunnel(tunnel.type, tunnel.port or 0, _CHECKSUM[tunnel.checksum])
