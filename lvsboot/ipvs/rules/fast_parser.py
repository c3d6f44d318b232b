"""Parses the bulk of a long rules file, some twenty times as fast as the full parser.

Such a file has `-A SERVICE OPTIONS` and for each destination `-a SERVICE -r ADDRESS:PORT OPTIONS`,
with few different options. The full parser parses each text of options once and the result is
cached; only addresses are parsed in every line. A service that is written in any other way is left
to the full parser.
"""

from __future__ import annotations

from collections.abc import Collection
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from lvsboot.ipvs.rules.builders import PortOf
from lvsboot.ipvs.rules.command import (
    Command,
    DestinationCommand,
    ServiceCommand,
    Verb,
    parse_command,
)
from lvsboot.ipvs.rules.options import CommandError
from lvsboot.ipvs.rules.values import port_text_number
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Protocol,
    ServiceOptions,
    VirtualAddress,
)

_PROTOCOLS = {"-t": Protocol.TCP, "-u": Protocol.UDP, "--sctp-service": Protocol.SCTP}
_new_tuple = tuple.__new__


class _OptionsCache:
    """Per protocol, address length and port of a service: texts of options to parsed options."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.services: dict[str, ServiceOptions] = {}
        # By the text after a destination's address; with the port, which differs for NAT only.
        self.destinations: dict[str, tuple[int, Destination]] = {}


class _UnusualError(Exception):
    """The full parser must parse these commands, which need not be wrong."""


class Pool(NamedTuple):
    key: VirtualAddress
    options: ServiceOptions
    destinations: dict[DestinationKey, Destination]


class FastParser:
    def __init__(self, port_of: PortOf) -> None:
        self._port_of = port_of
        # By protocol, length of the address, and port.
        self._caches: dict[tuple[str, int, str], _OptionsCache] = {}

    def read(self, text: str) -> Pool | None:
        """The service and destinations that the lines add; None where the full parser is needed."""
        head = text.partition("\n")[0]
        words = head.split(" ", 3)
        if len(words) < 4 or words[0] != "-A" or words[1] not in _PROTOCOLS:
            return None
        _, protocol, where, text_of_options = words
        host, _, port = where.rpartition(":")
        ipv6 = host[:1] == "["
        start = f"-a {protocol} {where} -r {'[' if ipv6 else ''}"
        first, *rest = text.split(f"\n{start}")
        if first != head:
            return None
        try:
            # inet_pton() takes a dotted quad only; the full parser's inet_aton() takes more.
            address = _bracketed_address(host) if ipv6 else inet_pton(AF_INET, host)
            cache = self._caches.get((protocol, len(address), port))
            if cache is None:
                cache = self._add_cache(protocol, len(address), port)
            key = VirtualAddress(_PROTOCOLS[protocol], address, cache.port)
            options = cache.services.get(text_of_options)
            if options is None:
                options = self._parse_service(key, head)
                cache.services[text_of_options] = options
            pool = self._read_pool(cache, key, start, rest)
        except (_UnusualError, CommandError, OSError, ValueError):  # The last two: inet_pton().
            return None
        return Pool(key, options, pool)

    def _add_cache(self, protocol: str, size: int, text: str) -> _OptionsCache:
        port = port_text_number(text)
        # Port 0 needs persistence.
        if not port:
            raise _UnusualError
        cache = self._caches[protocol, size, text] = _OptionsCache(port)
        return cache

    def _parse_service(self, key: VirtualAddress, head: str) -> ServiceOptions:
        match self._parse(head):
            case ServiceCommand(Verb.ADD, found, ServiceOptions() as options) if found == key:
                return options
        raise _UnusualError

    def _read_pool(
        self, cache: _OptionsCache, service: VirtualAddress, start: str, rest: Collection[str]
    ) -> dict[DestinationKey, Destination]:
        """The destinations, from the rest of each line after `start`: the bulk of a large file."""
        family, close = (AF_INET, ":") if len(service.address) == 4 else (AF_INET6, "]:")
        destinations = cache.destinations
        pool: dict[DestinationKey, Destination] = {}
        for text in rest:
            host, _, options = text.partition(close)
            address = inet_pton(family, host)
            found = destinations.get(options)
            if found is None:
                found = self._parse_destination(service, address, f"{start}{text}")
                destinations[options] = found
            # The same as DestinationKey(), which as a Python function would take twice as long.
            pool[_new_tuple(DestinationKey, (address, found[0]))] = found[1]
        # The full parser reports a destination that is there twice.
        if len(pool) < len(rest):
            raise _UnusualError
        return pool

    def _parse_destination(
        self, service: VirtualAddress, address: bytes, line: str
    ) -> tuple[int, Destination]:
        match self._parse(line):
            case DestinationCommand(Verb.ADD, found, key, Destination() as destination) if (
                found == service and key.address == address
            ):
                return key.port, destination
        raise _UnusualError

    def _parse(self, line: str) -> Command | None:
        if "\n" in line:
            raise _UnusualError
        return parse_command(line, self._port_of)


def _bracketed_address(host: str) -> bytes:
    if host[-1] != "]":
        raise _UnusualError
    return inet_pton(AF_INET6, host[1:-1])
