"""Names services as people type them: `192.0.2.1:53/udp`, `fwmark:1/ipv6`. No I/O."""

from __future__ import annotations

from typing import assert_never

from lvsboot.ipvs.address import format_endpoint, parse_full_address
from lvsboot.ipvs.table import Family, FirewallMark, Protocol, ServiceKey, VirtualAddress

_MARK = "fwmark:"
_MOST_PORT, _MOST_MARK = 0xFFFF, 0xFFFFFFFF


def format_service_name(key: ServiceKey) -> str:
    match key:
        case VirtualAddress(protocol, address, port):
            return f"{format_endpoint(address, port)}/{protocol}"
        case FirewallMark(mark, family):
            return f"{_MARK}{mark}/{family}"
        case _:
            assert_never(key)


def parse_service_name(text: str) -> tuple[ServiceKey, ...]:
    """The keys that the text can mean: several without its last part, none if it is no name."""
    name, slash, last = text.partition("/")
    if name.startswith(_MARK):
        mark = _number(name.removeprefix(_MARK), _MOST_MARK)
        families = [family for family in Family if not slash or family.value == last]
        return tuple(FirewallMark(mark, family) for family in families) if mark else ()
    endpoint = parse_endpoint(name)
    address, port = endpoint or (b"", None)
    if port is None:
        return ()
    protocols = [protocol for protocol in Protocol if not slash or protocol.value == last]
    return tuple(VirtualAddress(protocol, address, port) for protocol in protocols)


def parse_endpoint(text: str) -> tuple[bytes, int | None] | None:
    """`ADDRESS`, `ADDRESS:PORT` or `[ADDRESS6]:PORT`; None for anything else."""
    address = parse_full_address(text)
    if address is not None:
        return address, None
    host, colon, port_text = text.rpartition(":")
    if not colon:
        return None
    is_bracketed = host.startswith("[") and host.endswith("]")
    address = parse_full_address(host[1:-1] if is_bracketed else host)
    port = _number(port_text, _MOST_PORT)
    if address is None or port is None or is_bracketed != (len(address) == 16):
        return None
    return address, port


def _number(text: str, most: int) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    return int(text) if is_number and int(text) <= most else None
