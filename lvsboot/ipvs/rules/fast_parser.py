"""Reads what a long rules file is made of many times faster than the full parser.

Such a file says `-A SERVICE OPTIONS` and then for each destination `-a SERVICE -r ADDRESS:PORT
OPTIONS`, over and over, with few different options. What the full parser has made of those is
remembered by their text; only the addresses are read anew. A service whose commands are in any
way different is left to the full parser.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_pton
from typing import TYPE_CHECKING, NamedTuple

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

if TYPE_CHECKING:
    from collections.abc import Collection

_PROTOCOLS = {"-t": Protocol.TCP, "-u": Protocol.UDP, "--sctp-service": Protocol.SCTP}
_new_tuple = tuple.__new__


class _Wording:
    """How a service's commands are worded, in so far as that decides what their options mean.

    What they mean is kept by their text.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.options: dict[str, ServiceOptions] = {}
        # By what is behind a destination's address. Only NAT leads to another port.
        self.endings: dict[str, tuple[int, Destination]] = {}


class _UnusualError(Exception):
    """The full parser must see these commands: they may even be right."""


class Pool(NamedTuple):
    key: VirtualAddress
    options: ServiceOptions
    destinations: dict[DestinationKey, Destination]


class FastParser:
    def __init__(self, port_of: PortOf) -> None:
        self._port_of = port_of
        # By protocol, length of the address, and port.
        self._wordings: dict[tuple[str, int, str], _Wording] = {}

    def read(self, text: str) -> Pool | None:
        """The service that the lines add, with its destinations; None where that is not all."""
        head = text.partition("\n")[0]
        words = head.split(" ", 3)
        if len(words) < 4 or words[0] != "-A" or words[1] not in _PROTOCOLS:
            return None
        _, protocol, where, said = words
        host, _, port = where.rpartition(":")
        ipv6 = host[:1] == "["
        start = f"-a {protocol} {where} -r {'[' if ipv6 else ''}"
        first, *rest = text.split(f"\n{start}")
        if first != head:
            return None
        try:
            # inet_aton(), which the full parser uses, takes more than a dotted quad.
            address = _bracketed_address(host) if ipv6 else inet_pton(AF_INET, host)
            wording = self._wordings.get((protocol, len(address), port))
            if wording is None:
                wording = self._learn_wording(protocol, len(address), port)
            key = _new_tuple(VirtualAddress, (_PROTOCOLS[protocol], address, wording.port))
            options = wording.options.get(said)
            if options is None:
                options = self._learn_options(wording, key, head, said)
            pool = self._read_pool(wording, key, start, rest)
        except (_UnusualError, CommandError, OSError, ValueError):  # The last two: inet_pton().
            return None
        return _new_tuple(Pool, (key, options, pool))

    def _learn_wording(self, protocol: str, size: int, text: str) -> _Wording:
        port = port_text_number(text)
        # Port 0 has rules of its own.
        if not port:
            raise _UnusualError
        wording = self._wordings[protocol, size, text] = _Wording(port)
        return wording

    def _learn_options(
        self, wording: _Wording, key: VirtualAddress, head: str, said: str
    ) -> ServiceOptions:
        match self._parse(head):
            case ServiceCommand(Verb.ADD, found, ServiceOptions() as options) if found == key:
                wording.options[said] = options
                return options
        raise _UnusualError

    def _read_pool(
        self, wording: _Wording, service: VirtualAddress, start: str, rest: Collection[str]
    ) -> dict[DestinationKey, Destination]:
        """From what each line says behind `start`. A large file is little else."""
        family, close = (AF_INET, ":") if len(service.address) == 4 else (AF_INET6, "]:")
        endings = wording.endings
        pool: dict[DestinationKey, Destination] = {}
        for text in rest:
            host, _, behind = text.partition(close)
            address = inet_pton(family, host)
            ending = endings.get(behind)
            if ending is None:
                ending = endings[behind] = self._learn_ending(service, address, f"{start}{text}")
            # The same as DestinationKey(), which as a Python function would take twice as long.
            pool[_new_tuple(DestinationKey, (address, ending[0]))] = ending[1]
        # Of a second one the full parser says what is wrong.
        if len(pool) < len(rest):
            raise _UnusualError
        return pool

    def _learn_ending(
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
