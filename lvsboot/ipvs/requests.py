"""Changes to the netlink requests that carry them out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from lvsboot.ipvs import netlink
from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    SetTimeouts,
    StartDaemon,
    StopDaemon,
)
from lvsboot.ipvs.encode import (
    encode_daemon,
    encode_destination,
    encode_destination_key,
    encode_key,
    encode_service,
    encode_timeouts,
)
from lvsboot.ipvs.netlink import HEADER, NLA_F_NESTED, NLM_F_REQUEST
from lvsboot.ipvs.numbers import ADDRESS_SIZE, DAEMON_NUMBER, Command, Dest, Dmn, Top
from lvsboot.ipvs.table import Destination, DestinationKey, ServiceKey
from lvsboot.light_typing import assert_never

# A netlink header's last two fields: sequence number, and a port that the kernel fills in.
_SEQUENCE = Struct("=I4x")
_ADDRESS_HEAD = netlink.attribute_head(Dest.ADDR, ADDRESS_SIZE)
# Every destination's key and options take the same room.
_DESTINATION_SIZE = len(
    encode_destination_key(DestinationKey(bytes(4), 0)) + encode_destination(Destination())
)


class RequestEncoder:
    """Remembers what repeats: a service's name and a destination's options are encoded once."""

    def __init__(self, family_id: int) -> None:
        self._family_id = family_id
        self._services: dict[ServiceKey, bytes] = {}
        self._options: dict[Destination, bytes] = {}
        # By the address's length and the port.
        self._tails: dict[int, dict[int, bytes]] = {4: {}, 16: {}}

    def changes(self, changes: Iterable[Change], first: int) -> list[bytes]:
        """Requests numbered from `first`; each is answered only when it is refused.

        A large table is little else than new destinations, and all that is new in one of those
        is its address: the rest is encoded once. Their loop calls as little as it can.
        """
        requests: list[bytes] = []
        append, pack, join = requests.append, _SEQUENCE.pack, b"".join
        tails, options = self._tails, self._options.get
        service: ServiceKey | None = None
        start = head = b""
        for sequence, change in enumerate(changes, start=first):
            if change.__class__ is not AddDestination:
                command, payload = self._encode(change)
                append(netlink.request(self._family_id, 0, sequence, command, payload))
                continue
            named, key, destination = change
            if named is not service:
                service = named
                start, head = self._new_destination(service)
            address, port = key
            tail = tails[len(address)].get(port) or self._tail(key)
            rest = options(destination) or self._remember(destination)
            append(join((start, pack(sequence), head, address, tail, rest)))
        return requests

    def _new_destination(self, service: ServiceKey) -> tuple[bytes, bytes]:
        """What stands before and behind the sequence number, up to the destination's address."""
        nest = netlink.attribute_head(Top.DEST | NLA_F_NESTED, _DESTINATION_SIZE)
        command = netlink.GENERIC_HEADER.pack(Command.NEW_DEST, netlink.GENERIC_VERSION, 0)
        before = command + self.named_service(service) + nest
        length = HEADER.size + len(before) + _DESTINATION_SIZE
        header = HEADER.pack(length, self._family_id, NLM_F_REQUEST, 0, 0)
        return header[: -_SEQUENCE.size], before + _ADDRESS_HEAD

    def _tail(self, key: DestinationKey) -> bytes:
        """The rest of a key behind its address."""
        whole = encode_destination_key(key)
        tail = self._tails[len(key.address)][key.port] = whole[4 + len(key.address) :]
        return tail

    def _remember(self, destination: Destination) -> bytes:
        options = self._options[destination] = encode_destination(destination)
        return options

    def zero(self, key: ServiceKey | None, sequence: int) -> bytes:
        """Counters of one service, or of all, to zero."""
        payload = b"" if key is None else self.named_service(key)
        return netlink.request(self._family_id, netlink.NLM_F_ACK, sequence, Command.ZERO, payload)

    def named_service(self, key: ServiceKey) -> bytes:
        nest = self._services.get(key)
        if nest is None:
            nest = self._services[key] = netlink.nested(Top.SERVICE, encode_key(key))
        return nest

    def _encode(self, change: Change) -> tuple[int, bytes]:
        match change:
            case AddDestination(service, key, destination):
                encoded = Command.NEW_DEST, self._destination(service, key, destination)
            case EditDestination(service, key, destination):
                encoded = Command.SET_DEST, self._destination(service, key, destination)
            case DeleteDestination(service, key):
                nest = netlink.nested(Top.DEST, encode_destination_key(key))
                encoded = Command.DEL_DEST, self.named_service(service) + nest
            case AddService(key, options):
                nest = netlink.nested(Top.SERVICE, encode_service(key, options))
                encoded = Command.NEW_SERVICE, nest
            case EditService(key, options):
                nest = netlink.nested(Top.SERVICE, encode_service(key, options))
                encoded = Command.SET_SERVICE, nest
            case DeleteService(key):
                encoded = Command.DEL_SERVICE, self.named_service(key)
            case SetTimeouts(timeouts):
                encoded = Command.SET_CONFIG, encode_timeouts(timeouts)
            case StartDaemon(role, daemon):
                nest = netlink.nested(Top.DAEMON, encode_daemon(role, daemon))
                encoded = Command.NEW_DAEMON, nest
            case StopDaemon(role):
                state = netlink.u32(Dmn.STATE, DAEMON_NUMBER[role])
                encoded = Command.DEL_DAEMON, netlink.nested(Top.DAEMON, state)
            case _:
                assert_never(change)
        return encoded

    def _destination(
        self, service: ServiceKey, key: DestinationKey, destination: Destination
    ) -> bytes:
        attributes = encode_destination_key(key) + encode_destination(destination)
        return self.named_service(service) + netlink.nested(Top.DEST, attributes)
