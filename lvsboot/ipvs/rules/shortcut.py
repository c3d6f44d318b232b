"""Reads what a long rules file is made of many times faster than the full parser.

Such a file says `-A SERVICE OPTIONS` and then for each destination `-a SERVICE -r ADDRESS:PORT
OPTIONS`, over and over, with few different options. What the full parser has made of those is
remembered by their text; only the addresses are read anew. A service whose commands are in any
way different is left to the full parser.
"""

from __future__ import annotations

from collections.abc import Collection
from socket import AF_INET, AF_INET6, inet_pton

from lvsboot.ipvs.rules.command import (
    Command,
    DestinationCommand,
    ServiceCommand,
    Verb,
    parse_command,
)
from lvsboot.ipvs.rules.drafts import PortOf
from lvsboot.ipvs.rules.options import CommandError
from lvsboot.ipvs.rules.values import port_text_number
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Protocol,
    ServiceOptions,
    VirtualAddress,
)
from lvsboot.light_typing import NamedTuple

_PROTOCOLS = {"-t": Protocol.TCP, "-u": Protocol.UDP, "--sctp-service": Protocol.SCTP}
_new_tuple = tuple.__new__


class _Wording(NamedTuple):
    """How a service's commands are worded, in so far as that decides what their options mean."""

    protocol: str
    ipv6: bool
    port: int


class _Ending(NamedTuple):
    """What is behind a destination's address: only NAT leads to another port than the service's."""

    port: int
    destination: Destination


class _UnusualError(Exception):
    """The full parser must see these commands: they may even be right."""


class Pool(NamedTuple):
    key: VirtualAddress
    options: ServiceOptions
    destinations: dict[DestinationKey, Destination]


class Shortcut:
    def __init__(self, port_of: PortOf) -> None:
        self._port_of = port_of
        self._ports: dict[str, int | None] = {}
        self._options: dict[_Wording, dict[str, ServiceOptions]] = {}
        self._endings: dict[_Wording, dict[str, _Ending]] = {}

    def read(self, text: str) -> Pool | None:
        """The service that the lines add, with its destinations; None where that is not all."""
        head = text.partition("\n")[0]
        match head.split(" ", 3):
            case ["-A", protocol, where, said] if protocol in _PROTOCOLS:
                pass
            case _:
                return None
        try:
            key = self._read_key(protocol, where)
            wording = _Wording(protocol, len(key.address) == 16, key.port)
            start = f"-a {protocol} {where} -r {'[' if wording.ipv6 else ''}"
            first, *rest = text.split(f"\n{start}")
            if first != head:
                return None
            options = self._options.setdefault(wording, {}).get(said)
            if options is None:
                options = self._learn_options(wording, key, head, said)
            return Pool(key, options, self._read_pool(wording, key, start, rest))
        except (_UnusualError, CommandError, OSError, ValueError):  # The last two: inet_pton().
            return None

    def _read_key(self, protocol: str, where: str) -> VirtualAddress:
        host, _, text = where.rpartition(":")
        if text not in self._ports:
            self._ports[text] = port_text_number(text)
        port = self._ports[text]
        # inet_aton(), which the full parser uses, takes more than a dotted quad.
        bracketed = host[:1] == "["
        address = inet_pton(AF_INET6, host[1:-1]) if bracketed else inet_pton(AF_INET, host)
        # Port 0 has rules of its own.
        if not port or (bracketed and host[-1] != "]"):
            raise _UnusualError
        return VirtualAddress(_PROTOCOLS[protocol], address, port)

    def _learn_options(
        self, wording: _Wording, key: VirtualAddress, head: str, said: str
    ) -> ServiceOptions:
        match self._parse(head):
            case ServiceCommand(Verb.ADD, found, ServiceOptions() as options) if found == key:
                self._options[wording][said] = options
                return options
        raise _UnusualError

    def _read_pool(
        self, wording: _Wording, service: VirtualAddress, start: str, rest: Collection[str]
    ) -> dict[DestinationKey, Destination]:
        """From what each line says behind `start`. A large file is little else."""
        family, close = (AF_INET6, "]:") if wording.ipv6 else (AF_INET, ":")
        known = self._endings.setdefault(wording, {})
        pool: dict[DestinationKey, Destination] = {}
        for text in rest:
            host, _, behind = text.partition(close)
            address = inet_pton(family, host)
            ending = known.get(behind)
            if ending is None:
                ending = known[behind] = self._learn_ending(service, address, f"{start}{text}")
            # The same as DestinationKey(), which as a Python function would take twice as long.
            pool[_new_tuple(DestinationKey, (address, ending[0]))] = ending[1]
        # Of a second one the full parser says what is wrong.
        if len(pool) < len(rest):
            raise _UnusualError
        return pool

    def _learn_ending(self, service: VirtualAddress, address: bytes, line: str) -> _Ending:
        match self._parse(line):
            case DestinationCommand(Verb.ADD, found, key, Destination() as destination) if (
                found == service and key.address == address
            ):
                return _Ending(key.port, destination)
        raise _UnusualError

    def _parse(self, line: str) -> Command | None:
        if "\n" in line:
            raise _UnusualError
        return parse_command(line, self._port_of)
