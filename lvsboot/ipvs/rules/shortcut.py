"""Reads the lines that a long rules file is made of several times faster than the full parser.

Such a file says `-A SERVICE OPTIONS` and `-a SERVICE -r ADDRESS:PORT OPTIONS` over and over, with
few different options. What the full parser has made of those is remembered by their text; only
the addresses are read anew. A line that is in any way different is left to the full parser.
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
    Protocol,
    ServiceKey,
    ServiceOptions,
    VirtualAddress,
)

_SERVER = " -r "
_new_tuple = tuple.__new__
_PROTOCOLS = {"-t": Protocol.TCP, "-u": Protocol.UDP, "--sctp-service": Protocol.SCTP}
_SERVICE_GROUPS = frozenset({Group.VERB, Group.SERVICE, Group.IPV6})


class _Pool(NamedTuple):
    """A service as its destinations need it; `port` is None where each keeps its own."""

    destinations: dict[DestinationKey, Destination]
    port: int | None
    ipv6: bool


class _Options(NamedTuple):
    """What a destination's options mean; only NAT may lead to another port."""

    destination: Destination
    nat: bool


class Shortcut:
    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._ports: dict[str, int] = {}
        # By the text of `-a SERVICE`.
        self._pools: dict[str, _Pool] = {}
        # By the text of the options.
        self._options: dict[str, _Options] = {}
        # By protocol, address length and the text of the options: what these mean and whether
        # they are right depends on both. Port 0 has rules of its own and is never here.
        self._services: dict[tuple[str, int, str], ServiceOptions] = {}

    def run(self, line: str) -> bool:
        """Carry out the line, or leave everything as it is and say False."""
        service, arrow, rest = line.partition(_SERVER)
        if not arrow:
            return self._run_service(line)
        pool = self._pools.get(service)
        where, _, text = rest.partition(" ")
        options = self._options.get(text)
        host, _, port_text = where.rpartition(":")
        port = self._ports.get(port_text)
        if pool is None or options is None or port is None:
            return False
        destinations, service_port, ipv6 = pool
        destination, nat = options
        # A tunnel to the other family is left to the full parser.
        address = _bracketed_ipv6(host) if ipv6 else parse_ipv4(host)
        if address is None or (not nat and service_port != port and service_port is not None):
            return False
        before = len(destinations)
        # The same as DestinationKey(), which as a Python function would take twice as long.
        destinations[_new_tuple(DestinationKey, (address, port))] = destination
        # Of a second one the full parser says what is wrong.
        return len(destinations) > before

    def _run_service(self, line: str) -> bool:
        match line.split(" ", 3):
            case ["-A", protocol, where, text]:
                pass
            case _:
                return False
        endpoint = self._endpoint(where)
        if endpoint is None:
            return False
        options = self._services.get((protocol, len(endpoint.address), text))
        if options is None or endpoint.port == 0:
            return False
        key = VirtualAddress(_PROTOCOLS[protocol], endpoint.address, endpoint.port)
        if not self._replay.add_service(key, options):
            return False
        self._pools[f"-a {protocol} {where}"] = self._pool(key)
        return True

    def _endpoint(self, text: str) -> DestinationKey | None:
        """A numeric `ADDRESS:PORT` whose port has been seen before."""
        host, _, port_text = text.rpartition(":")
        port = self._ports.get(port_text)
        address = _bracketed_ipv6(host) if host[:1] == "[" else parse_ipv4(host)
        if port is None or address is None:
            return None
        return DestinationKey(address, port)

    def learn(self, line: str, reading: Reading) -> None:
        """Remember the parts of a line that the full parser has read and carried out."""
        match reading.command:
            case DestinationCommand(Verb.ADD, service, _, destination) if destination is not None:
                self._learn_destination(line, reading, service, destination)
            case ServiceCommand(Verb.ADD, key, options) if options is not None:
                self._learn_service(line, reading, key, options)
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
            nat = destination.method is ForwardingMethod.NAT
            self._options[options] = _Options(destination, nat)
            self._learn_port(where)

    def _learn_service(
        self, line: str, reading: Reading, key: ServiceKey, options: ServiceOptions
    ) -> None:
        match line.split(" ", 3):
            case ["-A", protocol, where, text] if (
                isinstance(key, VirtualAddress)
                and key.port != 0
                and protocol in _PROTOCOLS
                and reading.given[1].value == where
            ):
                self._services[protocol, len(key.address), text] = options
                self._learn_port(where)

    def _learn_port(self, endpoint: str) -> None:
        text = endpoint.rpartition(":")[2]
        if text.isascii() and text.isdigit():
            self._ports[text] = int(text)

    def _pool(self, service: ServiceKey) -> _Pool:
        port = None if isinstance(service, FirewallMark) else service.port
        ipv6 = service.family is Family.IPV6
        return _Pool(self._replay.pool(service), port, ipv6)


def _bracketed_ipv6(text: str) -> bytes | None:
    return parse_ipv6(text[1:-1]) if text[:1] == "[" and text[-1:] == "]" else None
