"""Announces VIPs to a segment's hosts: the kernel does not when an address is added.

It sends frames and reads what addresses there are; it changes nothing on its own host.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from lvsboot.announce.frames import announcements
from lvsboot.commands import run_state
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.errors import HostError, NotPermittedError
from lvsboot.host.link_events import LinkEvents
from lvsboot.host.live_network import Link, LiveNetwork, read_live_network
from lvsboot.ipvs.table import VirtualAddress

_HOST = StatePaths()
# RFC 4861 section 10: at most so many unsolicited advertisements, so many seconds apart.
ROUNDS = 3
_SECONDS = 1.0
_FORWARDING = "/proc/sys/net/ipv6/conf/{}/forwarding"
# A link may go down, away, or lose IPv6 between any two calls. sysctl files give ENOENT,
# by proc_sys_call_handler() also one that is open already.
_NOT_UP = {errno.ENETDOWN, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOBUFS}


class Announced(NamedTuple):
    """Each address with a link that it was announced on, and those that were on none."""

    announced: tuple[tuple[bytes, Link], ...]
    absent: tuple[bytes, ...]


def require_permission() -> None:
    """Raises NotPermittedError without CAP_NET_RAW, before any waiting."""
    with _raw_socket():
        return


def loaded_vips(places: StatePaths = _HOST) -> tuple[bytes, ...]:
    """The addresses of the services that lvsboot has loaded; a firewall mark names none."""
    services = run_state.our_services(places)
    return tuple(sorted({key.address for key in services if isinstance(key, VirtualAddress)}))


def announce(
    addresses: Iterable[bytes],
    *,
    wait: bool,
    read: Callable[[], LiveNetwork] = read_live_network,
    sleep: Callable[[float], None] = time.sleep,
) -> Announced:
    """Announce each address three times on its link; with `wait` as soon as it is up there.

    Raises NotPermittedError without CAP_NET_RAW.
    """
    left = dict.fromkeys(addresses, ROUNDS)
    announced: dict[tuple[bytes, Link], None] = {}
    with LinkEvents() as events:
        while left:
            up = [found for found in _usable(read()) if found[0] in left]
            sent = [(address, link) for address, link in up if _send(link, address)]
            announced.update(dict.fromkeys(sent))
            for address in {address for address, _link in sent}:
                left[address] -= 1
            left = {address: rounds for address, rounds in left.items() if rounds}
            if sent and left:
                sleep(_SECONDS)
            elif left and wait:
                events.wait()
            elif left:
                break
    heard = {address for address, _link in announced}
    return Announced(tuple(announced), tuple(address for address in left if address not in heard))


def _usable(network: LiveNetwork) -> Iterator[tuple[bytes, Link]]:
    """Every usable address on a link with neighbours; one on two links comes twice."""
    for name, interface, is_usable in sorted(network.addresses, key=str):
        link = network.links[name]
        if is_usable and link.has_neighbours:
            yield interface.ip.packed, link


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
