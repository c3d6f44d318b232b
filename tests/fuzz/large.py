"""Roles of any size, each hard for one part that once took time by the square of the size.

The unit tests count the work on small ones; `make fuzz` holds the largest to time and memory.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address

import yaml

from lvsboot.role.composer import MAX_BYTES, MAX_VALUES

# Of one hash: CPython takes a whole number modulo this.
_HASH = 2**61 - 1


def _rows(count: int, row: Callable[[int], str]) -> str:
    return ", ".join(map(row, range(count)))


def _ipv4(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _ipv6(number: int) -> str:
    return f"2001:db8::{number >> 16:x}:{number & 0xFFFF:x}"


def _director(
    rest: str, network: str = "", vips: str = "{address: 192.0.2.1, interface: lo}"
) -> str:
    interfaces = f"network: {{interfaces: {{{network}}}}}\n" if network else ""
    return f"version: 1\n{interfaces}director: {{method: dr, vips: [{vips}], {rest}}}\n"


def long_key(size: int) -> str:
    """Each problem's place would name the key."""
    return f"version: 1\n? {'k' * size}\n: [{_rows(size // 10, lambda _: '!x 1')}]\n"


def long_keys_twice(size: int) -> str:
    word = "k" * size
    return "version: 1\nsysctl:\n" + "".join(f" ? {word}{i // 2}\n : 1\n" for i in range(8))


def flags(size: int) -> str:
    words = _rows(size, lambda i: f"f{i}")
    service = f"vip: 192.0.2.1, port: 80, scheduler: sh, scheduler_flags: [{words}, f0]"
    return _director(f"services: [{{{service}, real_servers: [{{address: 192.0.2.2}}]}}]")


def undeclared_beside_invalid(size: int) -> str:
    row = "{{vip: 192.0.2.9, port: {0}, scheduler: x, real_servers: [{{address: 192.0.2.2}}]}}"
    services = _rows(size, lambda i: row.format(1 + i))
    return _director(f"services: [{services}]", vips="{address: 192.0.2.1, interface: 1}")


def marked_ports(size: int) -> str:
    ports = _rows(size, lambda i: str(1 + 2 * i % 65535))
    match = f"{{vip: 192.0.2.1, protocol: tcp, ports: [{ports}]}}"
    pool = "real_servers: [{address: 192.0.2.2}]"
    services = _rows(size, lambda i: f"{{vip: 192.0.2.1, port: {2 + 2 * i % 65534}, {pool}}}")
    return _director(f"services: [{{fwmark: 1, match: [{match}], {pool}}}, {services}]")


def hidden_behind_many(size: int) -> str:
    ports = _rows(size, lambda i: f"{1 + i % 9}-65535")
    match = f"{{vip: 192.0.2.1, protocol: tcp, ports: [{ports}]}}"
    pool = "real_servers: [{address: 192.0.2.2}]"
    services = _rows(size, lambda i: f"{{vip: 192.0.2.1, port: {100 + i % 65000}, {pool}}}")
    return _director(f"services: [{{fwmark: 1, match: [{match}], {pool}}}, {services}]")


def unseen(size: int) -> str:
    return "#" + "a" * (10 * size) + "\n" + "#\u200b\n" * size


def unknown_keys(size: int) -> str:
    return _director(f"services: [], {_rows(size, lambda i: f'servces{i}: 1')}")


def wrong_words(size: int) -> str:
    pool = "real_servers: [{address: 192.0.2.2}]"
    start = "{vip: 192.0.2.1, port: 80, scheduler: wlcc"
    return _director(f"services: [{_rows(size, lambda i: f'{start}{i}, {pool}}}')}]")


def sysctls_by_nics(size: int) -> str:
    nics = _rows(size, lambda i: f"x{i}: {{}}")
    sysctls = _rows(size, lambda i: f"net.ipv4.conf.y{i}.tag: 1")
    return _director("services: []", nics) + f"sysctl: {{{sysctls}}}\n"


def vips_on_no_nic(size: int) -> str:
    """And one invalid NIC, for which no such finding is shown."""
    nics = _rows(size, lambda i: f"lan{i}: {{}}") + ", invalid: 1"
    vips = _rows(size, lambda i: f"{{address: {_ipv4(i)}, interface: wan{i}}}")
    return _director("services: []", nics, vips)


def destinations_by_nics(size: int) -> str:
    nics = "a: {addresses: [192.0.2.9/24]}, " + _rows(size, lambda i: f"x{i}: {{}}")
    pool = _rows(size, lambda i: f"{{address: {_ipv4(i)}}}")
    return _director(f"services: [{{vip: 192.0.2.1, port: 80, real_servers: [{pool}]}}]", nics)


def destinations_by_networks(size: int) -> str:
    networks = [f"2001:db8:{i:x}::1/{i}" for i in range(1, 127)]
    nics = f"a: {{addresses: [{', '.join(networks)}]}}"
    pool = _rows(size, lambda i: f"{{address: '{_ipv6(i)}'}}")
    vip = "{address: '2001:db8:9::1', interface: a}"
    return _director(
        f"services: [{{vip: '2001:db8:9::1', port: 80, real_servers: [{pool}]}}]", nics, vip
    )


def vips_by_addresses(size: int) -> str:
    """All of the NIC's addresses but its last are of another family than the VIPs."""
    addresses = _rows(size, lambda i: f"'{_ipv6(i)}/64'")
    vips = _rows(size, lambda i: f"{{address: {_ipv4(i)}, interface: a}}")
    return _director("services: []", f"a: {{addresses: [{addresses}, 192.0.2.9/24]}}", vips)


def routes_by_addresses(size: int) -> str:
    addresses = _rows(size, lambda i: f"'{_ipv6(i)}/64'")
    routes = _rows(size, lambda i: f"{{to: {_ipv4(i)}/32, via: 198.51.100.9}}")
    nic = f"a: {{addresses: [{addresses}, 192.0.2.9/24], routes: [{routes}]}}"
    return _director("services: []", nic)


def masquerades_by_addresses(size: int) -> str:
    addresses = _rows(size, lambda i: f"{_ipv4(i)}/8")
    rows = _rows(size, lambda i: f"{{source: 10.0.0.0/{8 + i % 9}, interface: a}}")
    return _director(f"services: [], masquerade: [{rows}]", f"a: {{addresses: [{addresses}]}}")


def masquerades_of_one_hash(size: int) -> str:
    rows = _rows(size, lambda i: f"{{source: '{_of_one_hash(i)}/128', interface: a}}")
    return _director(f"services: [], masquerade: [{rows}]")


def routes_of_one_hash(size: int) -> str:
    rows = _rows(size, lambda i: f"{{to: '{_of_one_hash(i)}/128', via: 'fe80::1'}}")
    return _director("services: []", f"a: {{routes: [{rows}]}}")


def _of_one_hash(number: int) -> str:
    return str(IPv6Address((0x2001 << 112) // _HASH * _HASH + (1 + number) * _HASH))


def real_servers_vips(size: int) -> str:
    nics = _rows(size, lambda i: f"x{i}: {{mtu: 1500}}")
    vips = _rows(size, _ipv4)
    return (
        f"version: 1\nnetwork: {{interfaces: {{{nics}}}}}\n"
        f"real_server: {{method: tun, vips: [{vips}]}}\n"
    )


def warnings(size: int) -> str:
    vips = _rows(size, lambda i: f"{{address: {_ipv4(i)}, interface: lo}}")
    return _director("services: []", vips=vips)


def one_long_line(size: int) -> str:
    return _director(f"services: [{_rows(size, str)}]").rstrip() + "\r\n"


def many_lines(size: int) -> str:
    return "a:\n" + "\n" * (10 * size) + "- 1\n" * size


def long_scalars(size: int) -> str:
    return (
        _director(f"services: [{_rows(20, lambda _: '9' * size)}]") + f"hostname: {'a.' * size}\n"
    )


def twice(size: int) -> str:
    return "".join(f"k{i % 2}: 1\n" for i in range(size))


def services(size: int) -> str:
    """Nothing is wrong with it."""
    pool = "[{address: 192.0.2.11}, {address: 192.0.2.12}]"
    return _director(
        "services: ["
        + _rows(size, lambda i: f"{{vip: {_ipv4(i)}, port: 80, real_servers: {pool}}}")
        + "]",
        vips=_rows(size, lambda i: f"{{address: {_ipv4(i)}, interface: eth0}}"),
    )


LARGE: tuple[Callable[[int], str], ...] = (
    long_key,
    long_keys_twice,
    flags,
    undeclared_beside_invalid,
    marked_ports,
    hidden_behind_many,
    unseen,
    unknown_keys,
    wrong_words,
    sysctls_by_nics,
    vips_on_no_nic,
    destinations_by_nics,
    destinations_by_networks,
    vips_by_addresses,
    routes_by_addresses,
    masquerades_by_addresses,
    masquerades_of_one_hash,
    routes_of_one_hash,
    real_servers_vips,
    warnings,
    one_long_line,
    many_lines,
    long_scalars,
    twice,
    services,
)


def largest(make: Callable[[int], str]) -> bytes:
    """About as much as a role file may have, in bytes or in values."""
    small = 1_000
    raw = make(small).encode()
    events = sum(not isinstance(event, yaml.CollectionEndEvent) for event in yaml.parse(raw))
    size = int(small * min(MAX_BYTES / len(raw), MAX_VALUES / events) * 0.95)
    while len(raw := make(size).encode()) > MAX_BYTES:
        size = size * 9 // 10
    return raw
