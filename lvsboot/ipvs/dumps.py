"""Decodes the dumps of large tables: what their messages share is decoded once. No I/O.

What is laid out in another way than usual goes the general, slower way of `decode`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import calcsize, iter_unpack

from lvsboot.ipvs import netlink
from lvsboot.ipvs.decode import (
    decode_destination,
    decode_destination_key,
    decode_key,
    decode_service,
)
from lvsboot.ipvs.encode import encode_key
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import ADDRESS_SIZE, AF, PROTOCOL_NUMBER, Dest, Svc, Top
from lvsboot.ipvs.table import (
    Destination,
    DestinationKey,
    Family,
    ServiceKey,
    ServiceOptions,
    VirtualAddress,
)
from lvsboot.light_typing import NamedTuple

_new_tuple = tuple.__new__

# How the kernel lays a service with an address out: netlink's, generic and nest's heads; AF,
# PROTOCOL, ADDR and PORT, which are its name; options up to STATS, and statistics.
_SERVICE = "=24x8s8s4s16s8s{}s{}x"
_SERVICE_SIZE = calcsize(_SERVICE.format(0, 0))
_FAMILY = {netlink.u16(Svc.AF, number): family for family, number in AF.items()}
_PROTOCOL = {netlink.u16(Svc.PROTOCOL, number): name for name, number in PROTOCOL_NUMBER.items()}
_SERVICE_ADDRESS = netlink.attribute_head(Svc.ADDR, ADDRESS_SIZE)
_SERVICE_PORT = netlink.attribute_head(Svc.PORT, 2)


class Shown(NamedTuple):
    """A service without its destinations; `name` is its key as requests say it."""

    name: bytes
    key: ServiceKey
    options: ServiceOptions


class ServiceDecoder:
    def __init__(self) -> None:
        self._options: dict[tuple[Family, bytes], ServiceOptions] = {}

    def decode(self, runs: Iterable[bytes]) -> Iterator[Shown]:
        """The NEW_SERVICE messages, but for protocols that this program does not know."""
        for run in runs:
            usual = self._decode_usual(run)
            if usual is not None:
                yield from usual
                continue
            for body in netlink.split_run(run):
                attributes = Attributes(netlink.generic_attributes(body)).nested(Top.SERVICE)
                key = decode_key(attributes)
                if key is not None:
                    yield Shown(encode_key(key), key, decode_service(attributes, key.family))

    def _decode_usual(self, run: bytes) -> list[Shown] | None:
        length = netlink.run_length(run)
        text_size = _size_before(Svc.STATS, run[_SERVICE_SIZE:length])
        if text_size is None:
            return None
        shown = []
        layout = _SERVICE.format(text_size, length - _SERVICE_SIZE - text_size)
        for af, protocol, head, address, port, text in iter_unpack(layout, run):
            family = _FAMILY.get(af)
            name = _PROTOCOL.get(protocol)
            if not family or not name or head != _SERVICE_ADDRESS or port[:4] != _SERVICE_PORT:
                return None
            options = self._options.get((family, text))
            if options is None:
                found = Attributes(netlink.split_attributes(text))
                options = self._options[family, text] = decode_service(found, family)
            where = address[:4] if family is Family.IPV4 else address
            key = VirtualAddress(name, where, int.from_bytes(port[4:6], "big"))
            shown.append(Shown(b"".join((af, protocol, head, address, port)), key, options))
        return shown


def _size_before(kind: int, attributes: bytes) -> int | None:
    """Bytes of the attributes in front of the first one of that kind; None: there is none."""
    try:
        found = netlink.split_attributes(attributes)
    except netlink.MalformedReplyError:
        return None
    size = 0
    for number, payload in found.items():
        if number == kind:
            return size
        size += len(netlink.attribute(number, payload))
    return None


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
