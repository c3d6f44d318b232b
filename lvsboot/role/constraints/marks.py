"""Rules on fwmark services' matches: no packet may match twice."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lvsboot.ipvs.table import Protocol
from lvsboot.role.constraints.findings import SERVICES, key_error
from lvsboot.role.constraints.names import undeclared_vip
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Director
from lvsboot.role.services import MarkedService, Ports, Service, VirtualService
from lvsboot.role.tunnels import family_of


class _Claim(NamedTuple):
    """A range of ports that a match marks; sorts by its ports."""

    first: int
    last: int
    path: Path


_Claims = Mapping[tuple[Address, Protocol], list[_Claim]]


def mark_findings(director: Director) -> Iterator[Finding]:
    claims: _Claims = defaultdict(list)
    # A mapping for quick look-ups among thousands, in the role's order for the hint.
    declared = dict.fromkeys(vip.address for vip in director.vips)
    for i, service in enumerate(director.services):
        path: Path = (*SERVICES, i)
        if service.matches and not isinstance(service.identity, MarkedService):
            message = "'match' is only for services with a fwmark"
            yield key_error((*path, "match"), message, "its packets are those for vip and port")
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
        yield undeclared_vip(vip, declared, path)
    elif family_of(vip) is not service.family:
        message = f"{vip} is not of the service's family, {service.family.value}"
        yield Finding(path, message, f"family: {family_of(vip).value}")


def _overlaps(vip: Address, protocol: Protocol, claims: list[_Claim]) -> Iterator[Finding]:
    """One finding for each overlap, at the claim that is later in the file."""
    for claim, widest in _with_widest(claims):
        if widest is not None and claim.first <= widest.last:
            earlier, later = sorted((widest, claim), key=lambda one: _place(one.path))
            ports = Ports(claim.first, min(claim.last, widest.last))
            message = f"{protocol.value} {vip} port {ports} is matched twice"
            yield Finding(later.path, message, conflicts_with=earlier.path)


def _place(path: Path) -> tuple[int, ...]:
    """The order in the file: claims' paths differ only in their list indices."""
    return tuple(part for part in path if isinstance(part, int))


def _hidden(director: Director, claims: _Claims) -> Iterator[Finding]:
    """Services whose packets get a mark: ip_vs_service_find() in ip_vs_ctl.c looks for that first.

    A service on every port (0) may be meant for the remaining ports.
    """
    widest = {
        key: [
            ports
            for ports, before in _with_widest(claimed)
            if not before or ports.last > before.last
        ]
        for key, claimed in claims.items()
    }
    for i, service in enumerate(director.services):
        match service.identity:
            case VirtualService(vip, port, protocol) if port != 0:
                claimed = widest.get((vip, protocol), [])
                at = bisect_right(claimed, port, key=lambda claim: claim.first) - 1
                if at >= 0 and port <= claimed[at].last:
                    message = f"{service.identity} gets no packets: a match marks them first"
                    path = (*SERVICES, i, "port")
                    yield Finding(path, message, conflicts_with=claimed[at].path)


def _with_widest(claims: list[_Claim]) -> Iterator[tuple[_Claim, _Claim | None]]:
    """Each claim in rising order, with the one of those before it that ends last."""
    widest: _Claim | None = None
    for claim in sorted(claims):
        yield claim, widest
        if widest is None or claim.last > widest.last:
            widest = claim
