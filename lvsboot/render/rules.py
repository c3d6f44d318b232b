"""The IPVS table that a director's role declares, and the modules that it needs."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.ipvs import table
from lvsboot.ipvs.rules import format_rules
from lvsboot.model import Destination, Director, Service
from lvsboot.tree import File


def render_rules(director: Director) -> File:
    return File(paths.RULES, format_rules(declared_table(director)))


def render_modules(director: Director) -> File:
    """modules-load.d: net.ipv4.vs.* and the sandboxed rule loader both need them there before."""
    return File(paths.MODULES, "".join(f"{module}\n" for module in needed_modules(director)))


def needed_modules(director: Director) -> tuple[str, ...]:
    schedulers = {f"ip_vs_{service.scheduler}" for service in director.services}
    return ("ip_vs", *sorted(schedulers))


def declared_table(director: Director) -> table.Table:
    return table.Table({_key(service): _service(service) for service in director.services})


def _key(service: Service) -> table.VirtualAddress:
    return table.VirtualAddress(service.protocol, service.vip.packed, service.port)


def _service(service: Service) -> table.Service:
    return table.Service(
        options=table.ServiceOptions(scheduler=service.scheduler),
        destinations={
            _destination_key(service, destination): table.Destination(
                service.method, destination.weight
            )
            for destination in service.destinations
        },
    )


def _destination_key(service: Service, destination: Destination) -> table.DestinationKey:
    port = service.port if destination.port is None else destination.port
    return table.DestinationKey(destination.address.packed, port)
