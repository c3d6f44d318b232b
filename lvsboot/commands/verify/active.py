"""Asks the network for `verify --active`: who has a VIP, and whether real servers answer TCP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from ipaddress import IPv6Address

from lvsboot.announce.questions import answering_mac, arp_probe, neighbour_solicitation
from lvsboot.commands.verify.checks.active import (
    ActiveFacts,
    Answers,
    Endpoint,
    endpoints,
    question_links,
)
from lvsboot.commands.verify.unseen import Seen, Unseen
from lvsboot.errors import NotPermittedError
from lvsboot.host.live_network import LiveNetwork
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, Role

# Seconds. A neighbour on the same segment answers in milliseconds; the second question is for the
# one that was lost.
_WAIT = 0.5
_QUESTIONS = 2
_CONNECT = 2.0
_AT_ONCE = 64
_ETH_P_ALL = 3
_MOST_VIPS = 256


def ask_network(role: Role, network: LiveNetwork) -> ActiveFacts:
    """Sends frames and opens connections; changes nothing on this host."""
    links = question_links(role, network)
    answers: dict[Address, Seen[Answers]] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asked = list(links.items())[:_MOST_VIPS]
        found = pool.map(lambda each: _ask(each[0], each[1], network), asked)
        answers = {vip: answer for (vip, _), answer in zip(asked, found, strict=True)}
        targets = endpoints(role.kind) if isinstance(role.kind, Director) else ()
        errors = dict(zip(targets, pool.map(_connect, targets), strict=True))
    return ActiveFacts(answers, errors)


def _ask(vip: Address, names: Iterable[str], network: LiveNetwork) -> Seen[Answers]:
    """Who answers for the VIP on these links, by MAC; this host itself is not heard."""
    macs: dict[bytes, None] = {}
    try:
        for name in names:
            macs.update(dict.fromkeys(_answers(vip, name, network)))
    except PermissionError:
        return Unseen("asking sends raw frames: CAP_NET_RAW is needed", is_refused=True)
    except NotPermittedError as error:
        return Unseen(str(error), is_refused=True)
    except OSError as error:
        return Unseen(f"asking for {vip}: {error.strerror}")
    return tuple(mac.hex(":") for mac in macs)


def _answers(vip: Address, name: str, network: LiveNetwork) -> Iterator[bytes]:
    question = _question(vip, name, network)
    if question is None:
        return
    with ExitStack() as stack:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        stack.enter_context(wire)
        wire.bind((name, 0))
        for _ in range(_QUESTIONS):
            wire.send(question)
            deadline = time.monotonic() + _WAIT
            while (left := deadline - time.monotonic()) > 0:
                wire.settimeout(left)
                with suppress(TimeoutError):
                    frame = wire.recv(2048)
                    if (mac := answering_mac(frame, vip.packed)) is not None:
                        yield mac


def _question(vip: Address, name: str, network: LiveNetwork) -> bytes | None:
    mac = network.links[name].mac
    if vip.version == 4:
        return arp_probe(mac, vip.packed)
    sources = [
        each.interface.ip
        for each in network.addresses
        if each.link == name and isinstance(each.interface.ip, IPv6Address) and each.is_usable
    ]
    sources.sort(key=lambda address: not address.is_link_local)
    others = [source for source in sources if source != vip]
    return neighbour_solicitation(mac, others[0].packed, vip.packed) if others else None


def _connect(endpoint: Endpoint) -> str | None:
    """Why no connection comes about; None where one does."""
    address, port = endpoint
    try:
        with socket.create_connection((str(address), port), timeout=_CONNECT):
            return None
    except TimeoutError:
        return f"no answer in {_CONNECT:.0f} s"
    except OSError as error:
        return error.strerror or str(error)
