"""Where the fuzzer starts: what the readers meet in earnest, and the words of a role."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lvsboot.ipvs import netlink
from lvsboot.ipvs.encode import (
    encode_daemon,
    encode_destination,
    encode_key,
    encode_options,
    encode_timeouts,
)
from lvsboot.ipvs.numbers import Command, Top
from lvsboot.ipvs.rules.as_found import parse_rules_as_found
from lvsboot.ipvs.table import Daemon, DaemonRole, Table
from lvsboot.resources import ROLE_SCHEMA
from tests.golden import REPOSITORY

_LARGEST = 4_000


def roles() -> Iterator[bytes]:
    for folder in ("examples", "tests/invalid"):
        for place in sorted((REPOSITORY / folder).rglob("*.yaml")):
            raw = place.read_bytes()
            if len(raw) <= _LARGEST:
                yield raw


def words() -> list[str]:
    """Keys and values, as the schema writes them."""
    return sorted(set(re.findall(r'"([A-Za-z0-9_.]{2,24})"', ROLE_SCHEMA.read_text("utf-8"))))


def rules() -> Iterator[bytes]:
    for place in sorted((REPOSITORY / "tests" / "roles").rglob("ipvs.rules")):
        yield place.read_bytes()
    yield b"-A -t 192.0.2.1:80 -s sh -p 60 -M 255.255.255.0 -b sh-fallback,sh-port\n"
    yield b"-A -f 7 -6 -s wlc -o -p 60 --pe sip\n"
    yield b"# rules\n-A -f 1\n-a -f 1 -r 192.0.2.2 -g # web\n-a -f 1 -r 192.0.2.2 -g\n"
    yield b"VIP='192.0.2.1'\nsudo $IPVSADM -A -t ${VIP}:80 -s rr || exit 1; ipvsadm \\\n -Ln\n"
    yield b"--set 1 2 3\n--start-daemon master --mcast-interface eth0 --syncid 7 --mcast-ttl 3\n"


def replies() -> Iterator[bytes]:
    """What a kernel says of such tables: the messages of a dump, laid out as kernel 6.12 does."""
    for text in rules():
        found = parse_rules_as_found(text.decode(), file="", port_of=lambda *_: None)
        table = found.table
        yield b"".join(map(_message, _bodies(table)))


def _bodies(table: Table) -> Iterator[bytes]:
    yield _nested(Top.DAEMON, encode_daemon(DaemonRole.MASTER, Daemon("eth0", 1)))
    yield netlink.GENERIC_HEADER.pack(Command.SET_CONFIG, 1, 0) + encode_timeouts(table.timeouts)
    for key, service in table.services.items():
        yield _nested(Top.SERVICE, encode_key(key) + encode_options(key.family, service.options))
        for where, destination in service.destinations.items():
            encoded = encode_destination(where, destination)
            parts = netlink.split_attributes(encoded)
            parts |= {7: bytes(4), 8: bytes(4), 9: bytes(4), 10: bytes(80)}
            order = [
                kind for kind in (1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11, 10) if kind in parts
            ]
            nest = b"".join(netlink.attribute(kind, parts[kind]) for kind in order)
            yield _nested(Top.DEST, nest)


def _nested(kind: int, attributes: bytes) -> bytes:
    header = netlink.GENERIC_HEADER.pack(Command.NEW_SERVICE, 1, 0)
    return header + netlink.nested(kind, attributes)


def _message(body: bytes) -> bytes:
    size = netlink.HEADER.size + len(body)
    return netlink.HEADER.pack(size, netlink.NLMSG_MIN_TYPE, 2, 1, 0) + body + bytes(-size % 4)
