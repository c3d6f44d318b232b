"""Tells a segment's hosts which of them has a VIP now: the kernel does not when one is added.

It sends frames and reads what addresses there are; it changes nothing on its own host.
"""

from __future__ import annotations

import errno
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lvsboot.announce import links
from lvsboot.announce.frames import announcements
from lvsboot.announce.links import Link
from lvsboot.commands import run_state as memory
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.errors import HostError, NotPermittedError
from lvsboot.ipvs.netlink import NLMSG_DONE, NLMSG_ERROR, Message, error_number, split_messages
from lvsboot.ipvs.table import VirtualAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_HOST = StatePaths()
# RFC 4861 section 10: at most so many unsolicited advertisements, so many seconds apart.
ROUNDS = 3
_SECONDS = 1.0
_RECEIVE_SIZE = 64 * 1024
_FORWARDING = "/proc/sys/net/ipv6/conf/{}/forwarding"
# A link may go down, away, or lose IPv6 between any two calls. ENOENT is sysctl's word for it:
# proc_sys_call_handler() gives it also for a file that is still open.
_NOT_UP = {errno.ENETDOWN, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOBUFS}


class Announced(NamedTuple):
    """Each address with a link that it was announced on, and those that were on none."""

    told: tuple[tuple[bytes, Link], ...]
    absent: tuple[bytes, ...]


def require_permission() -> None:
    """Raises NotPermittedError without CAP_NET_RAW: else who waits for a VIP waits in vain."""
    with _raw_socket():
        return


def loaded_vips(places: StatePaths = _HOST) -> tuple[bytes, ...]:
    """The addresses of the services that lvsboot has loaded; those of a mark are not known."""
    services = memory.our_services(places)
    return tuple(sorted({key.address for key in services if isinstance(key, VirtualAddress)}))


def announce(
    addresses: Iterable[bytes], *, wait: bool, sleep: Callable[[float], None] = time.sleep
) -> Announced:
    """Announce each address three times on its link; with `wait` as soon as it is up there.

    Raises NotPermittedError without CAP_NET_RAW.
    """
    left = dict.fromkeys(addresses, ROUNDS)
    told: dict[tuple[bytes, Link], None] = {}
    with _Watch() as watch:
        while left:
            up = [found for found in watch.read_addresses() if found[0] in left]
            sent = [(address, link) for address, link in up if _send(link, address)]
            told.update(dict.fromkeys(sent))
            for address in {address for address, _link in sent}:
                left[address] -= 1
            left = {address: rounds for address, rounds in left.items() if rounds}
            if sent and left:
                sleep(_SECONDS)
            elif left and wait:
                watch.wait_for_change()
            elif left:
                break
    heard = {address for address, _link in told}
    return Announced(tuple(told), tuple(address for address in left if address not in heard))


def _send(link: Link, address: bytes) -> bool:
    """Send the announcements of `address`; False where the link is not up any more."""
    try:
        # Only IPv6 announces routers, and a link may have no IPv6 at all.
        router = len(address) > 4 and _forwards(link)
        with _raw_socket() as wire:
            wire.bind((link.name, 0))
            for frame in announcements(link.mac, address, router=router):
                wire.send(frame)
    except OSError as error:
        if error.errno in _NOT_UP:
            return False
        raise HostError(f"announcing on {link.name}: {error.strerror}") from error
    return True


def _raw_socket() -> socket.socket:
    try:
        return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise NotPermittedError("announcing sends raw frames: CAP_NET_RAW is needed") from error


def _forwards(link: Link) -> bool:
    return Path(_FORWARDING.format(link.name)).read_bytes().strip() != b"0"


class _Watch:
    """Two rtnetlink sockets: one is asked, the other one says when to ask again."""

    def __init__(self) -> None:
        # Heard before asked: what changes between the two is not missed.
        self._changes = _rtnetlink(links.CHANGES)
        self._questions = _rtnetlink(0)
        self._sequence = 0

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._changes.close()
        self._questions.close()

    def read_addresses(self) -> Iterator[tuple[bytes, Link]]:
        """Every address on a link that neighbours hear; one on two links comes twice."""
        heard = {link.number: link for link in links.decode_links(self._dump(links.RTM_GETLINK))}
        for index, address in links.decode_addresses(self._dump(links.RTM_GETADDR)):
            if index in heard:
                yield address, heard[index]

    def wait_for_change(self) -> None:
        try:
            self._changes.recv(_RECEIVE_SIZE)
        except OSError as error:
            # There were too many to keep; that there were some is all that matters.
            if error.errno != errno.ENOBUFS:
                raise _unread(error) from error

    def _dump(self, kind: int) -> list[Message]:
        self._sequence += 1
        try:
            self._questions.send(links.dump_request(kind, self._sequence))
            return self._read_dump()
        except OSError as error:
            raise _unread(error) from error

    def _read_dump(self) -> list[Message]:
        found: list[Message] = []
        while True:
            for message in split_messages(self._questions.recv(_RECEIVE_SIZE)):
                if message.kind == NLMSG_DONE:
                    return found
                if message.kind == NLMSG_ERROR:
                    number = error_number(message.body)
                    raise HostError(f"reading links and addresses: errno {number}")
                found.append(message)


def _rtnetlink(groups: int) -> socket.socket:
    try:
        opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        opened.bind((0, groups))
    except OSError as error:
        raise _unread(error) from error
    return opened


def _unread(error: OSError) -> HostError:
    return HostError(f"reading links and addresses: {error.strerror}")
