"""Rules on VIPs that are also host addresses of the director."""

from __future__ import annotations

from collections.abc import Container, Iterator

from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.constraints.addresses import own_addresses
from lvsboot.role.constraints.findings import METHOD, SERVICES, VIPS, warning
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, Role, VipOnStop
from lvsboot.role.services import Destination, MarkedService, Service, VirtualService

_ON_STOP: Path = ("director", "vip_on_stop")


def shared_vip_findings(director: Director, role: Role) -> Iterator[Finding]:
    """With nat a VIP may be a host address: real servers reach the director by another one.

    With dr and tun they hold the VIP themselves, and cannot answer a director that uses it.
    """
    hosts = {address: path for path, address in own_addresses(role) if path[0] == "network"}
    shared = [(i, vip) for i, vip in enumerate(director.vips) if vip.address in hosts]
    if not shared:
        return
    sent_on = set(_sent_on(director, hosts))
    for i, vip in shared:
        path, conflict = (*VIPS, i, "address"), hosts[vip.address]
        message = f"{vip.address} is a VIP and a host address"
        if vip.interface != conflict[2]:
            hint = f"interface: {conflict[2]} if it is to be both"
            yield Finding(path, message, hint, conflicts_with=conflict)
        elif vip.address in sent_on or None in sent_on:
            hint, needs = "only a nat service's VIP may be both", (SERVICES, METHOD)
            yield Finding(path, message, hint, conflicts_with=conflict, depends_on=needs)
        elif director.vip_on_stop is VipOnStop.REMOVE:
            message = f"the VIP {vip.address} stays up at a stop: it is also a host address"
            yield warning(_ON_STOP, message, conflicts_with=conflict)


def _sent_on(director: Director, own: Container[Address]) -> Iterator[Address | None]:
    """The VIPs of packets forwarded by dr or tun, unchanged; None where it may be any VIP."""
    for service in director.services:
        if any(_leaves_as_it_came(destination, own) for destination in service.destinations):
            yield from _vips_of(service)


def _leaves_as_it_came(destination: Destination, own: Container[Address]) -> bool:
    if destination.method is ForwardingMethod.NAT:
        return False
    return not destination.address.is_loopback and destination.address not in own


def _vips_of(service: Service) -> Iterator[Address | None]:
    match service.identity:
        case VirtualService(vip=vip):
            yield vip
        case MarkedService() if service.matches:
            yield from (match.vip for match in service.matches)
        case MarkedService():
            yield None
