"""Checks of what the network answered: one host has each VIP, and real servers take connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lvsboot.commands.verify.results import Result, failure, found, ok, unseen, warning
from lvsboot.commands.verify.unseen import Seen, Unseen
from lvsboot.host.live_network import LiveNetwork
from lvsboot.ipvs.table import Protocol
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.services import VirtualService

VIP, SERVER = "active.vip", "active.real_servers"
_LO = "lo"

Answers: TypeAlias = tuple[str, ...]
Endpoint: TypeAlias = tuple[Address, int]


@dataclass(frozen=True, slots=True)
class ActiveFacts:
    """Who answered for each VIP, as MACs, without this host.

    Of each endpoint why it took no connection, None where it did.
    """

    answers: Mapping[Address, Seen[Answers]]
    endpoints: Mapping[Endpoint, str | None]


def question_links(role: Role, network: LiveNetwork) -> dict[Address, tuple[str, ...]]:
    """The links on which to ask for each VIP: its own, or a real server's with the VIP's network.

    A real server without such a network asks on every Ethernet link.
    """
    ethernet = sorted(name for name, link in network.links.items() if link.has_neighbours)
    if isinstance(role.kind, Director):
        return {
            vip.address: (vip.interface,) for vip in role.kind.vips if vip.interface in ethernet
        }
    near: dict[Address, tuple[str, ...]] = {}
    for vip in role.kind.vips:
        names = {
            each.link
            for each in network.addresses
            if each.link in ethernet and vip in each.interface.network
        }
        near[vip] = tuple(sorted(names)) or tuple(ethernet)
    return near


def endpoints(director: Director) -> tuple[Endpoint, ...]:
    """Each TCP real server with its port, once; without those at weight 0, and without port 0."""
    found: dict[Endpoint, None] = {}
    for service in director.services:
        identity = service.identity
        if not isinstance(identity, VirtualService) or identity.protocol is not Protocol.TCP:
            continue
        for destination in service.destinations:
            port = service.port if destination.port is None else destination.port
            if port and destination.weight:
                found[destination.address, port] = None
    return tuple(found)


def check_active(role: Role, network: LiveNetwork, facts: ActiveFacts) -> Iterator[Result]:
    for vip, answers in facts.answers.items():
        if isinstance(answers, Unseen):
            yield unseen(VIP, answers, f"one host has {vip}")
        else:
            yield _vip(vip, answers, role, network)
    if facts.endpoints:
        silent = (
            _silent(endpoint, error)
            for endpoint, error in facts.endpoints.items()
            if error is not None
        )
        right = f"real servers that take TCP connections: {len(facts.endpoints)}"
        yield from found(SERVER, silent, right)


def _vip(vip: Address, answers: Answers, role: Role, network: LiveNetwork) -> Result:
    """A host does not hear itself, and counts as one that answers."""
    own = [
        network.links[name].mac.hex(":")
        for name in network.links_with(vip)
        if name != _LO and network.links[name].has_neighbours
    ]
    macs = [*own, *(mac for mac in answers if mac not in own)]
    expected = f"one host answers for {vip}"
    if isinstance(role.kind, RealServer) and own:
        expected = f"the director answers for {vip}"
    if len(macs) == 1:
        return ok(VIP, f"{vip} is at {macs[0]}{' (this host)' if own else ''}")
    if not macs:
        fix = "look at the director: `lvsboot verify` there"
        return failure(VIP, f"nobody answers for {vip}", expected, fix)
    fix = "find the hosts by MAC: of them only the director may answer"
    return failure(VIP, f"{vip} is at {' and at '.join(macs)}", expected, fix)


def _silent(endpoint: Endpoint, error: str) -> Result:
    address, port = endpoint
    where = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    fix = "start the service there; one that listens on the VIP only cannot be asked this way"
    return warning(SERVER, f"{where}: {error}", "the real server takes TCP connections", fix)
