"""Rules on VIPs that are also host addresses of the director."""

from __future__ import annotations

from collections.abc import Container, Iterator

from lvsboot.ipvs.table import ForwardingMethod
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
    hosts = {
        interface.ip: (nic.name, i)
        for nic in role.nics
        for i, interface in enumerate(nic.addresses)
    }
    shared = [(i, vip) for i, vip in enumerate(director.vips) if vip.address in hosts]
    if not shared:
        return
    sent_on = set(_sent_on(director, hosts))
    for i, vip in shared:
        name, number = hosts[vip.address]
        path, conflicts_with = (
            (*VIPS, i, "address"),
            ("network", "interfaces", name, "addresses", number),
        )
        message = f"{vip.address} is a VIP and a host address"
        if vip.interface != name:
            yield Finding(
                path,
                message,
                f"interface: {name} if it is to be both",
                conflicts_with=conflicts_with,
            )
        elif vip.address in sent_on or None in sent_on:
            depends_on = (SERVICES, METHOD)
            yield Finding(
                path,
                message,
                "only a nat service's VIP may be both",
                conflicts_with=conflicts_with,
                depends_on=depends_on,
            )
        elif director.vip_on_stop is VipOnStop.REMOVE:
            message = f"the VIP {vip.address} stays up at a stop: it is also a host address"
            yield warning(_ON_STOP, message, conflicts_with=conflicts_with)


def _sent_on(director: Director, own: Container[Address]) -> Iterator[Address | None]:
    """The VIPs of packets forwarded by dr or tun, unchanged; None where it may be any VIP."""
    for service in director.services:
        if any(_leaves_as_it_came(it, own) for it in service.destinations):
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
