"""Changes to the netlink requests that carry them out. No I/O."""

from __future__ import annotations

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
from lvsboot.ipvs.netlink import HEADER, NLM_F_REQUEST
from lvsboot.ipvs.numbers import DAEMON_NUMBER, Command, Dmn, Top
from lvsboot.ipvs.table import Destination, DestinationKey, ServiceKey


class RequestEncoder:
    """Remembers what repeats: a service's name and a destination's options are encoded once."""

    def __init__(self, family_id: int) -> None:
        self._family_id = family_id
        self._services: dict[ServiceKey, bytes] = {}
        self._options: dict[Destination, bytes] = {}
        self._heads: dict[ServiceKey, bytes] = {}

    def change(self, change: Change, sequence: int, flags: int) -> bytes:
        """A request that is answered only when it is refused, unless `flags` ask for more."""
        if isinstance(change, AddDestination):
            return self._add_destination(change, sequence, flags)
        command, payload = self._encode(change)
        return netlink.request(self._family_id, flags, sequence, command, payload)

    def _add_destination(self, change: AddDestination, sequence: int, flags: int) -> bytes:
        """The request whole, and several times faster than from its parts.

        A large table is little else than these, and all that is new in one is its key.
        """
        service, key, destination = change
        options = self._options.get(destination) or self._encode_options(destination)
        head = self._heads.get(service) or self._encode_head(service, len(options))
        body = encode_destination_key(key) + options
        length = HEADER.size + len(head) + len(body)
        header = HEADER.pack(length, self._family_id, flags | NLM_F_REQUEST, sequence, 0)
        return header + head + body

    def _encode_head(self, service: ServiceKey, options_length: int) -> bytes:
        """All between the netlink header and the destination's key; options have one length."""
        empty = encode_destination_key(DestinationKey(b"", 0)) + bytes(options_length)
        nest = netlink.nested(Top.DEST, empty).removesuffix(empty)
        command = netlink.GENERIC_HEADER.pack(Command.NEW_DEST, netlink.GENERIC_VERSION, 0)
        head = self._heads[service] = command + self.named_service(service) + nest
        return head

    def _encode_options(self, destination: Destination) -> bytes:
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
