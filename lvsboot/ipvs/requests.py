"""Changes to the netlink requests that carry them out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
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
    encode_daemon,
    encode_destination,
    encode_destination_key,
    encode_key,
    encode_service,
    encode_timeouts,
)
from lvsboot.ipvs.netlink import HEADER, NLA_F_NESTED, NLM_F_REQUEST
from lvsboot.ipvs.numbers import DAEMON_NUMBER, Command, Dmn, Top
from lvsboot.ipvs.table import Destination, DestinationKey, ServiceKey

_HEADER_SIZE = HEADER.size
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

    def changes(self, changes: Iterable[Change], first: int) -> list[bytes]:
        """Requests numbered from `first`; each is answered only when it is refused.

        A large table is little else than new destinations, and all that is new in one of those
        is its key: the rest is encoded once. Their loop calls as little as it can.
        """
        requests: list[bytes] = []
        service: ServiceKey | None = None
        head = b""
        pack_header, family_id, known = HEADER.pack, self._family_id, self._options
        for sequence, change in enumerate(changes, start=first):
            if not isinstance(change, AddDestination):
                command, payload = self._encode(change)
                requests.append(netlink.request(family_id, 0, sequence, command, payload))
                continue
            if change[0] is not service:
                service = change[0]
                head = self._new_destination_head(service)
            destination = change[2]
            options = known.get(destination)
            if options is None:
                options = known[destination] = encode_destination(destination)
            body = head + encode_destination_key(change[1]) + options
            length = _HEADER_SIZE + len(body)
            requests.append(pack_header(length, family_id, NLM_F_REQUEST, sequence, 0) + body)
        return requests

    def _new_destination_head(self, service: ServiceKey) -> bytes:
        """All between the netlink header and the destination's key."""
        nest = netlink.attribute_head(Top.DEST | NLA_F_NESTED, _DESTINATION_SIZE)
        command = netlink.GENERIC_HEADER.pack(Command.NEW_DEST, netlink.GENERIC_VERSION, 0)
        return command + self.named_service(service) + nest

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
