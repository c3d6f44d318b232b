"""Reads the lines that a long rules file is made of several times faster than the full parser.

Such a file says `-a SERVICE -r ADDRESS:PORT OPTIONS` over and over, with few different services
and options. What the full parser has made of each is remembered by its text; only the address
is read anew. A line that is in any way different is left to the full parser.
"""

from __future__ import annotations

from typing import NamedTuple

from lvsboot.ipvs.address import parse_ipv4, parse_ipv6
from lvsboot.ipvs.rules.command import (
    DESTINATION_OPTIONS,
    ClearCommand,
    DestinationCommand,
    Reading,
    ServiceCommand,
    Verb,
)
from lvsboot.ipvs.rules.options import Group
from lvsboot.ipvs.rules.replay import Replay
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    ServiceKey,
)

_SERVER = " -r "
_SERVICE_GROUPS = frozenset({Group.VERB, Group.SERVICE, Group.IPV6})


class _Pool(NamedTuple):
    """A service as its destinations need it; `port` is None where each keeps its own."""

    destinations: dict[DestinationKey, Destination]
    port: int | None
    address_length: int


class Shortcut:
    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._pools: dict[str, _Pool] = {}
        self._destinations: dict[str, Destination] = {}
        self._ports: dict[str, int] = {}

    def run(self, line: str) -> bool:
        """Carry out the line, or leave everything as it is and say False."""
        service, _, rest = line.partition(_SERVER)
        pool = self._pools.get(service)
        if pool is None:
            return False
        where, _, options = rest.partition(" ")
        host, _, port_text = where.rpartition(":")
        destination = self._destinations.get(options)
        port = self._ports.get(port_text)
        address = parse_ipv6(host[1:-1]) if host[:1] == "[" else parse_ipv4(host)
        if destination is None or port is None or address is None:
            return False
        if destination.method is not ForwardingMethod.TUN and len(address) != pool.address_length:
            return False
        if destination.method is not ForwardingMethod.NAT and pool.port is not None:
            port = pool.port
        key = DestinationKey(address, port)
        if key in pool.destinations:
            return False
        pool.destinations[key] = destination
        return True

    def learn(self, line: str, reading: Reading) -> None:
        """Remember the parts of a line that the full parser has read and carried out."""
        match reading.command:
            case DestinationCommand(Verb.ADD, service, _, destination) if destination is not None:
                self._learn_destination(line, reading, service, destination)
            case ServiceCommand(Verb.DELETE, _, _) | ClearCommand():
                self._pools.clear()

    def _learn_destination(
        self, line: str, reading: Reading, service: ServiceKey, destination: Destination
    ) -> None:
        prefix, _, rest = line.partition(_SERVER)
        where, _, options = rest.partition(" ")
        groups = [given.option.group for given in reading.given]
        server = groups.index(Group.SERVER)
        if reading.given[server].value != where or not _SERVICE_GROUPS.issuperset(groups[:server]):
            return
        self._pools[prefix] = self._pool(service)
        if DESTINATION_OPTIONS.issuperset(groups[server + 1 :]):
            self._destinations[options] = destination
        port_text = where.rpartition(":")[2]
        if port_text.isascii() and port_text.isdigit():
            self._ports[port_text] = int(port_text)

    def _pool(self, service: ServiceKey) -> _Pool:
        port = None if isinstance(service, FirewallMark) else service.port
        length = 4 if service.family is Family.IPV4 else 16
        return _Pool(self._replay.pool(service), port, length)
