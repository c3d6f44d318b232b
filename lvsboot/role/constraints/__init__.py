"""Rules between the fields of a role: each yields findings by path and knows no file."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.role.constraints.destinations import destination_findings
from lvsboot.role.constraints.director import director_findings
from lvsboot.role.constraints.host import host_findings
from lvsboot.role.constraints.host_networks import HostNetworks
from lvsboot.role.constraints.marks import mark_findings
from lvsboot.role.constraints.masquerade import masquerade_findings
from lvsboot.role.constraints.network import network_findings
from lvsboot.role.constraints.real_server import real_server_findings
from lvsboot.role.constraints.services import service_findings
from lvsboot.role.constraints.shared_vips import shared_vip_findings
from lvsboot.role.constraints.sync import sync_findings
from lvsboot.role.document import Finding
from lvsboot.role.model import Director, RealServer, Role

__all__ = ["constraint_findings"]


def constraint_findings(role: Role) -> Iterator[Finding]:
    """All errors and warnings between the fields, unsorted."""
    networks = HostNetworks(role)
    yield from host_findings(role)
    yield from network_findings(role, networks)
    match role.kind:
        case Director() as director:
            yield from director_findings(director, role, networks)
            yield from shared_vip_findings(director, role)
            yield from service_findings(director)
            yield from destination_findings(director, networks)
            yield from mark_findings(director)
            yield from masquerade_findings(director, role)
            if director.sync is not None:
                yield from sync_findings(director, director.sync, role)
        case RealServer() as real_server:
            yield from real_server_findings(real_server, role, networks)
