"""Decodes the destinations of large dumps: what they share is decoded once. No I/O.

A run in another layout than the usual one goes through `decode`, which is slower.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import calcsize, iter_unpack

from lvsboot.ipvs import netlink
from lvsboot.ipvs.decode import decode_destination, decode_destination_key
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import ADDRESS_SIZE, AF, Dest, Top
from lvsboot.ipvs.table import Destination, DestinationKey, Family

_new_tuple = tuple.__new__

# A destination as every kernel since 5.3 shows it: generic header and nest with the head of ADDR,
# its payload, PORT, the seven options, three counters, ADDR_FAMILY. Statistics follow.
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


class _PortCache(dict[bytes, int]):
    """Ports by attribute; KeyError for any other attribute."""

    def __missing__(self, attribute: bytes) -> int:
        if attribute[:4] != _PORT_HEAD:
            raise KeyError(attribute)
        port = self[attribute] = int.from_bytes(attribute[4:], "big")
        return port


class _OptionsCache(dict[bytes, Destination]):
    """Destinations by the bytes of their options; KeyError unless these are just the options."""

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
    """Decodes services' destinations, and caches the ports and options that they share."""

    def __init__(self) -> None:
        self._ports = _PortCache()
        self._options = _OptionsCache()

    def decode(self, runs: Iterable[bytes], family: Family) -> dict[DestinationKey, Destination]:
        """Decode the NEW_DEST messages of one service of the given family."""
        pool: dict[DestinationKey, Destination] = {}
        for run in runs:
            if not self._decode_usual(run, family, pool):
                pool.update(_decode_row(body, family) for body in netlink.split_run(run))
        return pool

    def _decode_usual(
        self, run: bytes, family: Family, pool: dict[DestinationKey, Destination]
    ) -> bool:
        """Add a run to the pool; False at the first row in another layout, earlier ones stay."""
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
