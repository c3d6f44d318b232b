"""Encodes and decodes netlink messages and attributes, in host order (netlink(7)). No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct, iter_unpack
from sys import byteorder
from typing import NamedTuple

from lvsboot.errors import HostError

NLMSG_ERROR = 2
NLMSG_DONE = 3
# Below it are netlink's own messages, above it the families'.
NLMSG_MIN_TYPE = 16

NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
NLM_F_DUMP = 0x300

NLA_F_NESTED = 0x8000
# The two highest bits are flags of the payload, not of the attribute's number.
_NLA_TYPE_MASK = 0x3FFF

GENL_ID_CTRL = 0x10
# IPVS's only one, and all that is used of the controller's.
GENERIC_VERSION = 1
CTRL_CMD_GETFAMILY = 3
CTRL_ATTR_FAMILY_ID = 1
CTRL_ATTR_FAMILY_NAME = 2

HEADER = Struct("=IHHII")
GENERIC_HEADER = Struct("=BBH")
_REQUEST = Struct("=IHHIIBBH")
_ATTRIBUTE = Struct("=HH")
_U16 = Struct("=H")
_U32 = Struct("=I")
_ERRNO = Struct("=i")


class MalformedReplyError(HostError):
    """The kernel's reply breaks netlink's rules: report it with the kernel's version."""


class Message(NamedTuple):
    """`body` is what follows the netlink header."""

    kind: int
    sequence: int
    body: bytes


def split_messages(data: bytes) -> Iterator[Message]:
    """The messages of one datagram; raises MalformedReplyError where they do not fill it."""
    offset, size = 0, len(data)
    if not size:
        raise MalformedReplyError("netlink: an empty reply")
    while offset < size:
        if offset + HEADER.size > size:
            raise MalformedReplyError("netlink: a message's header is cut off")
        length, kind, _flags, sequence, _port = HEADER.unpack_from(data, offset)
        end = offset + length
        if length < HEADER.size or end > size:
            raise MalformedReplyError(f"netlink: a message of {length} bytes is cut off")
        yield Message(kind, sequence, data[offset + HEADER.size : end])
        offset = end + -end % 4


def take_runs(data: bytes, sequence: int, runs: list[bytes]) -> Message | None:
    """Append a datagram of a dump to `runs`; return the message that ends the dump, if it is there.

    A run is a sequence of messages with equal headers, so of one length. The datagrams of a large
    dump are whole runs, whose messages need not be split here.
    """
    if len(data) < HEADER.size:
        raise MalformedReplyError("netlink: a message's header is cut off")
    length, kind, _flags, number, _port = HEADER.unpack_from(data)
    if number == sequence and (length == len(data) or _is_run(data, length)):
        if kind >= NLMSG_MIN_TYPE:
            runs.append(data)
            return None
        return Message(kind, number, data[HEADER.size : length])
    for message in split_messages(data):
        if message.sequence != sequence:
            continue
        if message.kind < NLMSG_MIN_TYPE:
            return message
        length = HEADER.size + len(message.body)
        header = HEADER.pack(length, message.kind, 0, sequence, 0)
        runs.append(header + message.body)
    return None


def _is_run(data: bytes, length: int) -> bool:
    if length < HEADER.size or length % 4 or len(data) % length:
        return False
    return len(set(iter_unpack(f"{HEADER.size}s{length - HEADER.size}x", data))) == 1


def split_run(run: bytes) -> Iterator[bytes]:
    """The bodies of its messages."""
    length = run_length(run)
    for offset in range(0, len(run), length):
        yield run[offset + HEADER.size : offset + length]


def run_length(run: bytes) -> int:
    """Bytes of each of its messages, header and all."""
    length: int = _U32.unpack_from(run)[0]
    return length


def error_number(body: bytes) -> int:
    """The errno of an NLMSG_ERROR, 0 for an acknowledgement."""
    if len(body) < _ERRNO.size:
        raise MalformedReplyError("netlink: an error without its number")
    number: int = _ERRNO.unpack_from(body)[0]
    return -number


def split_attributes(data: bytes) -> dict[int, bytes]:
    """Attributes by number, nesting not followed; of two with one number the later counts."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset < len(data):
        if offset + _ATTRIBUTE.size > len(data):
            raise MalformedReplyError("netlink: an attribute's header is cut off")
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        end = offset + length
        if length < _ATTRIBUTE.size or end > len(data):
            raise MalformedReplyError(f"netlink: an attribute of {length} bytes is cut off")
        found[kind & _NLA_TYPE_MASK] = data[offset + _ATTRIBUTE.size : end]
        offset = end + -end % 4
    return found


def generic_attributes(body: bytes) -> dict[int, bytes]:
    """Attributes of a generic netlink message."""
    if len(body) < GENERIC_HEADER.size:
        raise MalformedReplyError("netlink: a generic header is cut off")
    return split_attributes(body[GENERIC_HEADER.size :])


def attribute(kind: int, payload: bytes) -> bytes:
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def attribute_head(kind: int, size: int) -> bytes:
    """The header of an attribute whose payload has that size."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + size, kind)


def nested(kind: int, attributes: bytes) -> bytes:
    """An attribute made of attributes; each is padded, so that their sum needs no padding."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(attributes), kind | NLA_F_NESTED) + attributes


def u8(kind: int, value: int) -> bytes:
    return attribute(kind, bytes((value,)))


def u16(kind: int, value: int) -> bytes:
    return attribute(kind, _U16.pack(value))


def u32(kind: int, value: int) -> bytes:
    return attribute(kind, _U32.pack(value))


def be16(kind: int, value: int) -> bytes:
    return attribute(kind, value.to_bytes(2, "big"))


def string(kind: int, text: str) -> bytes:
    return attribute(kind, text.encode() + b"\0")


def request(kind: int, flags: int, sequence: int, command: int, payload: bytes) -> bytes:
    """A generic netlink request with its headers."""
    length = _REQUEST.size + len(payload)
    flags |= NLM_F_REQUEST
    return _REQUEST.pack(length, kind, flags, sequence, 0, command, GENERIC_VERSION, 0) + payload


def acknowledged(request: bytes) -> bytes:
    """The same request with NLM_F_ACK, which the kernel answers in any case."""
    length, kind, flags, sequence, port = HEADER.unpack_from(request)
    return HEADER.pack(length, kind, flags | NLM_F_ACK, sequence, port) + request[HEADER.size :]


class Attributes:
    """Attributes by number; raises MalformedReplyError where one is missing or too short."""

    def __init__(self, found: dict[int, bytes]) -> None:
        self._found = found

    def __contains__(self, kind: int) -> bool:
        return kind in self._found

    def raw(self, kind: int, size: int) -> bytes:
        """The payload's first bytes."""
        payload = self.payload(kind)
        if len(payload) < size:
            raise MalformedReplyError(f"netlink: attribute {kind} is cut off")
        return payload[:size]

    def payload(self, kind: int) -> bytes:
        payload = self._found.get(kind)
        if payload is None:
            raise MalformedReplyError(f"netlink: attribute {kind} is missing")
        return payload

    def number(self, kind: int, size: int) -> int:
        """An unsigned number in host order."""
        return int.from_bytes(self.raw(kind, size), byteorder)

    def optional_number(self, kind: int, size: int) -> int:
        """0 where an older kernel has no such attribute."""
        return self.number(kind, size) if kind in self._found else 0

    def port(self, kind: int) -> int:
        """A port in network order."""
        return int.from_bytes(self.raw(kind, 2), "big")

    def text(self, kind: int) -> str:
        return self.payload(kind).partition(b"\0")[0].decode("ascii", "replace")

    def nested(self, kind: int) -> Attributes:
        return Attributes(split_attributes(self.payload(kind)))
