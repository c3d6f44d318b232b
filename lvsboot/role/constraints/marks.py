"""Rules on the packets that fwmark services claim: no packet may have two claims."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

from lvsboot.ipvs.table import Protocol
from lvsboot.role.constraints.addresses import there
from lvsboot.role.constraints.findings import VIPS, key_error
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director
from lvsboot.role.services import MarkedService, Ports, Service, VirtualService
from lvsboot.role.tunnels import family_of


class _Claim(NamedTuple):
    """Ports first, so that claims sort by them."""

    first: int
    last: int
    path: Path


_Claims = Mapping[tuple[Address, Protocol], list[_Claim]]


def mark_findings(director: Director) -> Iterator[Finding]:
    claims: _Claims = defaultdict(list)
    # A mapping: found quickly among thousands, and still in the role's order.
    declared = dict.fromkeys(vip.address for vip in director.vips)
    for i, service in enumerate(director.services):
        path: Path = ("director", "services", i)
        if service.matches and not isinstance(service.identity, MarkedService):
            message = "'match' is only for services with a fwmark"
            yield key_error((*path, "match"), message, "vip and port say which packets these are")
            continue
        for j, match in enumerate(service.matches):
            yield from _vip(match.vip, declared, service, (*path, "match", j, "vip"))
            for k, ports in enumerate(match.ports):
                place = (*path, "match", j, "ports", k)
                claims[match.vip, match.protocol].append(_Claim(ports.first, ports.last, place))
    for (vip, protocol), claimed in claims.items():
        yield from _overlaps(vip, protocol, claimed)
    yield from _hidden(director, claims)


def _vip(
    vip: Address, declared: Mapping[Address, None], service: Service, path: Path
) -> Iterator[Finding]:
    if vip not in declared:
        message = f"{vip} is not in director.vips"
        yield Finding(path, message, partial(there, declared), depends_on=(VIPS,))
    elif family_of(vip) is not service.family:
        message = f"{vip} is not of the service's family, {service.family.value}"
        yield Finding(path, message, f"family: {family_of(vip).value}")


def _overlaps(vip: Address, protocol: Protocol, claims: list[_Claim]) -> Iterator[Finding]:
    """One finding for each claim that meets another, at the later one of the two in the file."""
    widest: _Claim | None = None
    for claim in sorted(claims):
        if widest is not None and claim.first <= widest.last:
            earlier, later = sorted((widest, claim), key=lambda one: _place(one.path))
            ports = Ports(claim.first, min(claim.last, widest.last))
            message = f"{protocol.value} {vip} port {ports} is matched twice"
            yield Finding(later.path, message, conflicts_with=earlier.path)
        if widest is None or claim.last > widest.last:
            widest = claim


def _place(path: Path) -> tuple[int, ...]:
    """Claims' paths differ in their numbers only, which count as the file does."""
    return tuple(part for part in path if isinstance(part, int))


def _hidden(director: Director, claims: _Claims) -> Iterator[Finding]:
    """IPVS looks for a mark first: see ip_vs_service_find() in ip_vs_ctl.c.

    A service on every port (0) may well be what is left over.
    """
    widest = {key: _widest(claimed) for key, claimed in claims.items()}
    for i, service in enumerate(director.services):
        match service.identity:
            case VirtualService(vip, port, protocol) if port != 0:
                claimed = widest.get((vip, protocol), [])
                at = bisect_right(claimed, port, key=lambda claim: claim.first) - 1
                if at >= 0 and port <= claimed[at].last:
                    message = f"{service.identity} never gets here: a mark takes it away"
                    path = ("director", "services", i, "port")
                    yield Finding(path, message, conflicts_with=claimed[at].path)


def _widest(claims: list[_Claim]) -> list[_Claim]:
    """Those that reach beyond all that begin before them: the last to begin reaches furthest."""
    widest: list[_Claim] = []
    for claim in sorted(claims):
        if not widest or claim.last > widest[-1].last:
            widest.append(claim)
    return widest
