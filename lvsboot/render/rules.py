"""The IPVS table that a director's role declares."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.ipvs.rules import format_rules
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Service,
    ServiceOptions,
    Table,
    VirtualAddress,
)
from lvsboot.model import Backing, BalancedService, Director
from lvsboot.tree import File


def render_rules(director: Director) -> File:
    return File(paths.RULES, format_rules(declared_table(director)))


def render_modules(director: Director) -> File:
    """modules-load.d: net.ipv4.vs.* and the sandboxed rule loader both need them there before."""
    return File(paths.MODULES, "".join(f"{module}\n" for module in needed_modules(director)))


def needed_modules(director: Director) -> tuple[str, ...]:
    schedulers = {f"ip_vs_{service.scheduler}" for service in director.services}
    return ("ip_vs", *sorted(schedulers))


def declared_table(director: Director) -> Table:
    return Table({_key(service): _service(service) for service in director.services})


def _key(service: BalancedService) -> VirtualAddress:
    return VirtualAddress(service.protocol, service.vip.packed, service.port)


def _service(service: BalancedService) -> Service:
    return Service(
        options=ServiceOptions(scheduler=service.scheduler),
        destinations={
            _destination_key(service, backing): Destination(service.method, backing.weight)
            for backing in service.backings
        },
    )


def _destination_key(service: BalancedService, backing: Backing) -> DestinationKey:
    port = service.port if backing.port is None else backing.port
    return DestinationKey(backing.address.packed, port)
