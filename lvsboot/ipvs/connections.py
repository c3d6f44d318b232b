"""The kernel's list of connections (/proc/net/ip_vs_conn) as values. No I/O."""

from __future__ import annotations

from typing import NamedTuple

from lvsboot.errors import HostError
from lvsboot.ipvs.address import parse_ipv6


class Connection(NamedTuple):
    """`protocol` and `state` are the kernel's words; `expires` is in seconds."""

    protocol: str
    client: tuple[bytes, int]
    service: tuple[bytes, int]
    destination: tuple[bytes, int]
    state: str
    expires: int


def parse_connections(text: str) -> tuple[Connection, ...]:
    """One Connection for each line of /proc/net/ip_vs_conn's `text` but the heading.

    Raises HostError for a line of another form.
    """
    return tuple(_parse_line(line) for line in text.splitlines()[1:])


def _parse_line(line: str) -> Connection:
    match line.split():
        case [protocol, client, cport, service, vport, destination, dport, state, expires, *_]:
            return Connection(
                protocol=protocol,
                client=(_address(client), int(cport, 16)),
                service=(_address(service), int(vport, 16)),
                destination=(_address(destination), int(dport, 16)),
                state=state,
                expires=int(expires),
            )
    raise HostError(f"the kernel's list of connections has a line of another form: {line}")


def _address(text: str) -> bytes:
    """IPv4 in eight hexadecimal digits; IPv6 as text, in brackets since kernel 2.6.28."""
    address = parse_ipv6(text.strip("[]"))
    return bytes.fromhex(text) if address is None else address
