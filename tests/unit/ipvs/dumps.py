"""Services and destinations as kernel 6.12 lays them out in its dumps."""

from __future__ import annotations

from sys import byteorder

from hypothesis import strategies as st

from lvsboot.ipvs import netlink
from lvsboot.ipvs.encode import (
    encode_destination,
    encode_key,
    encode_options,
)
from lvsboot.ipvs.netlink import split_attributes
from lvsboot.ipvs.numbers import Command, Svc, Top
from lvsboot.ipvs.table import Destination, DestinationKey, ServiceKey, ServiceOptions

# IP_VS_SVC_F_HASHED: the kernel sets it on every service that can be found.
HASHED = 0x2


def run_of(*bodies: bytes) -> bytes:
    """Messages as a dump's datagram holds them; of one length, if it is a run."""
    return b"".join(netlink.HEADER.pack(16 + len(body), 0x1F, 2, 1, 9) + body for body in bodies)


def dumped(key: DestinationKey, destination: Destination) -> bytes:
    """A NEW_DEST message as kernel 6.12 lays it out."""
    parts = split_attributes(encode_destination(key, destination))
    order = (1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10)
    parts |= {7: bytes(4), 8: bytes(4), 9: bytes(4), 10: bytes(80)}
    nest = b"".join(netlink.attribute(kind, parts[kind]) for kind in order)
    return netlink.GENERIC_HEADER.pack(Command.NEW_DEST, 1, 0) + netlink.nested(Top.DEST, nest)


def dumped_service(key: ServiceKey, options: ServiceOptions) -> bytes:
    """A NEW_SERVICE message as kernel 6.12 lays it out."""
    parts = split_attributes(encode_options(key.family, options))
    flags = int.from_bytes(parts[Svc.FLAGS][:4], byteorder) | HASHED
    parts[Svc.FLAGS] = flags.to_bytes(4, byteorder) + parts[Svc.FLAGS][4:]
    nest = encode_key(key) + b"".join(netlink.attribute(*part) for part in parts.items())
    nest += netlink.attribute(Svc.STATS, bytes(88)) + netlink.attribute(Svc.STATS64, bytes(120))
    return netlink.GENERIC_HEADER.pack(Command.NEW_SERVICE, 1, 0) + netlink.nested(
        Top.SERVICE, nest
    )


def damaged(message: bytes, data: st.DataObject) -> bytes:
    """The message with some bytes changed and its end cut off."""
    body = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    return bytes(body[: data.draw(st.integers(0, len(body)))])
