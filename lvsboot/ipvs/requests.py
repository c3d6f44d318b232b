"""Encodes changes as netlink requests. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import assert_never

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
    DESTINATION_HEAD,
    DestinationCache,
    OptionsCache,
    encode_daemon,
    encode_destination,
    encode_destination_key,
    encode_key,
    encode_timeouts,
)
from lvsboot.ipvs.netlink import HEADER, NLA_F_NESTED, NLM_F_REQUEST
from lvsboot.ipvs.numbers import DAEMON_NUMBER, Command, Dmn, Top
from lvsboot.ipvs.table import Destination, DestinationKey, ServiceKey, ServiceOptions

# A netlink header's last two fields: sequence number, and a port that the kernel fills in.
_SEQUENCE = Struct("=I4x")
# Every destination's attributes take the same room.
_DESTINATION_SIZE = len(encode_destination(DestinationKey(bytes(4), 0), Destination()))
# The parts of a NEW_DEST request before and after the service's name.
_NEW_DESTINATION = netlink.GENERIC_HEADER.pack(Command.NEW_DEST, netlink.GENERIC_VERSION, 0)
_DESTINATION_NEST = netlink.attribute_head(Top.DEST | NLA_F_NESTED, _DESTINATION_SIZE)


class RequestEncoder:
    """Caches what repeats: services' names and options, destinations' options."""

    def __init__(self, family_id: int) -> None:
        self._family_id = family_id
        self._names: dict[ServiceKey, bytes] = {}
        self._options = OptionsCache()
        self._destinations = DestinationCache()

    def changes(self, changes: Iterable[Change], first: int) -> list[bytes]:
        """A request for each step, numbered from `first`; answered only when it is refused."""
        requests: list[bytes] = []
        for change in changes:
            sequence = first + len(requests)
            command, payload = self._encode(change)
            requests.append(netlink.request(self._family_id, 0, sequence, command, payload))
            if isinstance(change, AddService) and change.destinations:
                requests += self._pool(change.key, change.destinations, sequence + 1)
        return requests

    def _pool(
        self, service: ServiceKey, pool: Mapping[DestinationKey, Destination], first: int
    ) -> list[bytes]:
        """Requests for a new service's destinations, the bulk of a large table's start.

        Only the address is encoded for each of them: the rest comes from caches.
        """
        start, head = self._new_destination(service)
        pack, join, destinations = _SEQUENCE.pack, b"".join, self._destinations
        return [
            join(
                (start, pack(number), head, address, destinations[len(address), port, destination])
            )
            for number, ((address, port), destination) in enumerate(pool.items(), start=first)
        ]

    def _new_destination(self, service: ServiceKey) -> tuple[bytes, bytes]:
        """The request before its sequence number, and from there to the destination's address."""
        before = b"".join((_NEW_DESTINATION, self.named_service(service), _DESTINATION_NEST))
        length = HEADER.size + len(before) + _DESTINATION_SIZE
        header = HEADER.pack(length, self._family_id, NLM_F_REQUEST, 0, 0)
        return header[: -_SEQUENCE.size], before + DESTINATION_HEAD

    def _name(self, key: ServiceKey) -> bytes:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = encode_key(key)
        return name

    def zero(self, key: ServiceKey | None, sequence: int) -> bytes:
        """Counters of one service, or of all, to zero."""
        payload = b"" if key is None else self.named_service(key)
        return netlink.request(self._family_id, netlink.NLM_F_ACK, sequence, Command.ZERO, payload)

    def named_service(self, key: ServiceKey) -> bytes:
        return netlink.nested(Top.SERVICE, self._name(key))

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
                nest = self._whole_service(key, options)
                encoded = Command.NEW_SERVICE, nest
            case EditService(key, options):
                nest = self._whole_service(key, options)
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
        attributes = encode_destination(key, destination)
        return self.named_service(service) + netlink.nested(Top.DEST, attributes)

    def _whole_service(self, key: ServiceKey, options: ServiceOptions) -> bytes:
        attributes = self._name(key) + self._options[key.family, options]
        return netlink.nested(Top.SERVICE, attributes)
