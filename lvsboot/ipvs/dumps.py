"""Large tables' dumps: split into services, compared as bytes, decoded where it must be. No I/O.

What is laid out in another way than usual goes the general, slower way of `decode`.
"""

from __future__ import annotations

from itertools import chain
from struct import calcsize, iter_unpack
from typing import TYPE_CHECKING, NamedTuple

from lvsboot.ipvs import netlink
from lvsboot.ipvs.decode import (
    decode_destination,
    decode_destination_key,
    decode_key,
    decode_service,
)
from lvsboot.ipvs.encode import DESTINATION_HEAD, Endings, OptionsOf, encode_key
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import ADDRESS_SIZE, AF, HASHED, Dest, Svc, Top
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    Service,
    ServiceKey,
    ServiceOptions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_new_tuple = tuple.__new__


class Shown(NamedTuple):
    """A service as the kernel shows it, but for what it counts.

    `name` is its key as requests say it, `options` the attributes behind that; `pool` are runs of
    its destinations' messages.
    """

    name: bytes
    options: bytes
    pool: list[bytes]


# How the kernel lays a service out: netlink's, generic and nest's heads; its name; its options;
# statistics.
_SERVICE = "=24x{}s{}s4s{}x"
_SERVICE_HEAD = calcsize(_SERVICE.format(0, 0, 0)) - 4
_NAME_KINDS = (Svc.AF, Svc.FWMARK, Svc.PROTOCOL, Svc.ADDR, Svc.PORT)
_COUNTED = (Svc.STATS, Svc.STATS64)


def split_services(runs: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Names and options of the services in NEW_SERVICE messages."""
    for run in runs:
        usual = _split_usual(run)
        yield from map(_split_unusual, netlink.split_run(run)) if usual is None else usual


def _split_usual(run: bytes) -> list[tuple[bytes, bytes]] | None:
    """None unless all names of the run are of one length, and all options."""
    length = netlink.run_length(run)
    try:
        found = netlink.split_attributes(run[_SERVICE_HEAD:length])
    except netlink.MalformedReplyError:
        return None
    sizes = {kind: len(netlink.attribute(kind, payload)) for kind, payload in found.items()}
    kinds = [*sizes]
    named = sum(kind in _NAME_KINDS for kind in kinds)
    if Svc.STATS not in sizes or any(kind not in _NAME_KINDS for kind in kinds[:named]):
        return None
    name_size = sum(sizes[kind] for kind in kinds[:named])
    size = sum(sizes[kind] for kind in kinds[named : kinds.index(Svc.STATS)])
    end = _SERVICE_HEAD + name_size + size
    stats = run[end : end + 4]
    # The second attribute tells a mark's name from an address's.
    second = run[_SERVICE_HEAD + 8 : _SERVICE_HEAD + 12]
    services = []
    for name, options, head in iter_unpack(_SERVICE.format(name_size, size, length - end - 4), run):
        if head != stats or name[8:12] != second:
            return None
        services.append((name, options))
    return services


def _split_unusual(body: bytes) -> tuple[bytes, bytes]:
    nest = netlink.generic_attributes(body).get(Top.SERVICE, b"")
    found = netlink.split_attributes(nest)
    name = (kind for kind in _NAME_KINDS if kind in found)
    options = (kind for kind in found if kind not in _NAME_KINDS + _COUNTED)
    return _joined(found, name), _joined(found, options)


def _joined(found: dict[int, bytes], kinds: Iterable[int]) -> bytes:
    return b"".join(netlink.attribute(kind, found[kind]) for kind in kinds)


class TableDecoder:
    """Decodes what services and destinations share once."""

    def __init__(self) -> None:
        self._options: dict[tuple[Family, bytes], ServiceOptions] = {}
        self._pools = PoolDecoder()

    def decode(self, services: Iterable[Shown]) -> dict[ServiceKey, Service]:
        """But for protocols that this program does not know, and so must not touch."""
        table = {}
        for name, text, pool in services:
            key = decode_key(Attributes(netlink.split_attributes(name)))
            if key is not None:
                family = key.family
                options = self._options.get((family, text))
                if options is None:
                    found = Attributes(netlink.split_attributes(text))
                    options = self._options[family, text] = decode_service(found, family)
                table[key] = Service(options, self._pools.decode(pool, family))
        return table


# How every kernel since 5.3 lays a destination out: generic header and nest with the head of ADDR,
# its payload, PORT, the seven options, three counters, ADDR_FAMILY. What follows is statistics.
_ROW = "=16x12s{}6s2x56s24x6s2x{}x"
_ROW_SIZE = calcsize(_ROW.format("16s", 0))
_ADDRESS_FIELD = {Family.IPV4: "4s12x", Family.IPV6: "16s"}
_ADDRESS_HEAD = netlink.attribute_head(Dest.ADDR, ADDRESS_SIZE)
_PORT_HEAD = netlink.attribute_head(Dest.PORT, 2)
_FAMILY_ATTRIBUTE = {
    family: netlink.u16(Dest.ADDR_FAMILY, number)[:6] for family, number in AF.items()
}
_OPTION_NUMBERS = {
    Dest.FWD_METHOD,
    Dest.WEIGHT,
    Dest.TUN_TYPE,
    Dest.TUN_PORT,
    Dest.TUN_FLAGS,
    Dest.U_THRESH,
    Dest.L_THRESH,
}


class _Ports(dict[bytes, int]):
    """Ports by their attribute; KeyError for what is none."""

    def __missing__(self, attribute: bytes) -> int:
        if attribute[:4] != _PORT_HEAD:
            raise KeyError(attribute)
        port = self[attribute] = int.from_bytes(attribute[4:], "big")
        return port


class _Options(dict[bytes, Destination]):
    """Destinations by their options' attributes; KeyError for what is not just those."""

    def __missing__(self, attributes: bytes) -> Destination:
        try:
            found = netlink.split_attributes(attributes)
        except netlink.MalformedReplyError as error:
            raise KeyError(attributes) from error
        if found.keys() != _OPTION_NUMBERS:
            raise KeyError(attributes)
        destination = self[attributes] = decode_destination(Attributes(found))
        return destination


class PoolDecoder:
    """Decodes what large tables are made of: what destinations share is decoded once.

    Runs with another layout than the usual one go the general, slower way.
    """

    def __init__(self) -> None:
        self._ports = _Ports()
        self._options = _Options()

    def decode(self, runs: Iterable[bytes], family: Family) -> dict[DestinationKey, Destination]:
        """The NEW_DEST messages of one service, which is of the given family."""
        pool: dict[DestinationKey, Destination] = {}
        for run in runs:
            if not self._decode_usual(run, family, pool):
                pool.update(_decode_row(body, family) for body in netlink.split_run(run))
        return pool

    def _decode_usual(
        self, run: bytes, family: Family, pool: dict[DestinationKey, Destination]
    ) -> bool:
        """False where it is not usual; what is in the pool by then is right nevertheless."""
        rest = netlink.run_length(run) - _ROW_SIZE
        if rest < 0:
            return False
        ports, options = self._ports, self._options
        usual, end = run[16:24] + _ADDRESS_HEAD, _FAMILY_ATTRIBUTE[family]
        try:
            for head, address, port, text, af in iter_unpack(
                _ROW.format(_ADDRESS_FIELD[family], rest), run
            ):
                if head != usual or af != end:
                    return False
                # As DestinationKey(), which as a Python function would take twice as long.
                pool[_new_tuple(DestinationKey, (address, ports[port]))] = options[text]
        except KeyError:
            return False
        return True


def _decode_row(body: bytes, family: Family) -> tuple[DestinationKey, Destination]:
    attributes = Attributes(netlink.generic_attributes(body)).nested(Top.DEST)
    return decode_destination_key(attributes, family), decode_destination(attributes)


# The same, for a comparison: all from ADDR to the options, and ADDR_FAMILY.
_PRINT = "=24x84s24x8s{}x"
_PRINT_SIZE = calcsize(_PRINT.format(0))
_PRINTED_SIZE = 84 + 8


def fingerprint(shown: Shown) -> bytes:
    """All that is shown but what is counted, in the order in which it is shown.

    Services whose fingerprints are equal are equal. Empty where it is laid out in another way
    than usual.
    """
    rows: list[tuple[bytes, bytes]] = []
    for run in shown.pool:
        rest = netlink.run_length(run) - _PRINT_SIZE
        if rest < 0:
            return b""
        rows += iter_unpack(_PRINT.format(rest), run)
    return b"".join((shown.name, shown.options, *chain.from_iterable(rows)))


class Fingerprints:
    """What fingerprint() gives once the kernel has a service; what repeats is encoded once."""

    def __init__(self) -> None:
        self._options = OptionsOf(HASHED)
        self._endings = Endings()

    def expected(self, key: ServiceKey, service: Service) -> bytes:
        """Of a service whose destinations were added in their order: the last is shown first."""
        endings = self._endings
        parts: list[bytes] = []
        for (address, port), destination in service.destinations.items():
            parts += (endings[len(address), port, destination], address, DESTINATION_HEAD)
        parts += (self._options[key.family, service.options], encode_key(key))
        parts.reverse()
        return b"".join(parts)


def in_order(expected: bytes, shown: bytes, count: int) -> bytes:
    """The one that is shown, if it differs in the order of its `count` destinations only."""
    if len(shown) == len(expected):
        rows = len(expected) - count * _PRINTED_SIZE
        ours, theirs = (
            (
                text[:rows],
                sorted(
                    text[at : at + _PRINTED_SIZE] for at in range(rows, len(text), _PRINTED_SIZE)
                ),
            )
            for text in (expected, shown)
        )
        if ours == theirs:
            return shown
    return expected
