"""Parsers of a role file's texts; each raises ValueError with a sentence for its author."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from string import ascii_letters, digits
from typing import TypeVar

from lvsboot.role.messages import FormatError, shown

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

_Parsed = TypeVar("_Parsed")

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LABEL_WORDS = "letters, digits and hyphens, dots between"
_LONGEST_HOSTNAME = 64
_LONGEST_DOMAIN = 253
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_@+-]*(\.[A-Za-z0-9_@+-]+)*")
_LONGEST_INTERFACE = 15
_NAME_CHARACTERS = frozenset(ascii_letters + digits + "._@+-")
# ifconfig shows it as an interface; to the kernel it is a label of some of eth0's addresses.
_ALIAS = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*):[A-Za-z0-9]+")
_NAME_DOTS = "no dot at its end, and no two in a row"
_NAME_WORDS = "letters, digits, dots and -_@+ only"
_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_PARAMETER = re.compile(r"[a-z0-9_]+")
_PORT_RANGE = re.compile(r"([1-9][0-9]{0,4})-([1-9][0-9]{0,4})", re.ASCII)
_MAX_PORT = 65535
_SYSCTL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/-]*")
_REPEATED_SEPARATORS = re.compile(r"[./][./]")


def parse_address(text: str) -> Address:
    if "/" in text:
        raise FormatError(f"{shown(text)} has a prefix length", "give the address alone")
    address = _parsed(ip_address, text, "an IP address")
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{shown(text)} has a scope; its interface has a key of its own")
    return address


def parse_interface_address(text: str) -> Interface:
    _check_prefix(text)
    interface = _parsed(ip_interface, text, "an IP address with a prefix length")
    parse_address(text.partition("/")[0])  # refuses a scope
    return interface


def parse_network(text: str) -> Network:
    _check_prefix(text)
    network = _parsed(partial(ip_network, strict=False), text, "a network")
    if parse_address(text.partition("/")[0]) != network.network_address:
        message = f"{shown(text)} has bits set after its prefix"
        raise FormatError(message, f"did you mean {network}?")
    return network


def parse_ipv4(text: str) -> IPv4Address:
    address = parse_address(text)
    if not isinstance(address, IPv4Address):
        raise FormatError(f"{shown(text)} is not an IPv4 address", "gateway6 is for IPv6")
    return address


def parse_ipv6(text: str) -> IPv6Address:
    address = parse_address(text)
    if not isinstance(address, IPv6Address):
        raise FormatError(f"{shown(text)} is not an IPv6 address", "gateway is for IPv4")
    return address


def _check_prefix(text: str) -> None:
    """Refuses netmasks and host masks, both of which `ipaddress` accepts as a prefix."""
    _address, slash, prefix = text.partition("/")
    if not slash:
        raise ValueError(f"{shown(text)} has no prefix length, such as /24")
    if not prefix.isascii() or not prefix.isdigit():
        raise FormatError(f"{shown(text)} has no number after its slash", "such as /24")


def _parsed(parse: Callable[[str], _Parsed], text: str, what: str) -> _Parsed:
    try:
        return parse(text)
    except ValueError as error:
        raise FormatError(f"{shown(text)} is not {what}", _reason(text)) from error


def _reason(text: str) -> str:
    """The most likely mistake; `ipaddress` words it differently in each Python release."""
    address, _slash, prefix = text.partition("/")
    if text.count(":") == 1:
        return "a port has a key of its own"
    if ":" not in text and any(char.isalpha() for char in text):
        return "names are not looked up"
    longest = 128 if ":" in text else 32
    if prefix not in {"", *map(str, range(longest + 1))}:
        return f"a prefix length is 0 to {longest}"
    numbers = address.split(".")
    if not all(number.isdigit() for number in numbers) or _is_address(address):
        return ""
    if any(number != "0" and number.startswith("0") for number in numbers):
        return "some programs read a number with a leading zero as octal"
    return "an IPv4 address is four numbers of 0 to 255"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_multicast(text: str) -> Address:
    address = parse_address(text)
    if not address.is_multicast:
        raise FormatError(
            f"{shown(text)} is not a multicast address",
            "224.0.0.0/4 and ff00::/8 are, as 224.0.0.81",
        )
    return address


def parse_hostname(text: str) -> str:
    """As hostname(7), and with underscores, which many names have though systemd removes them."""
    if not text.strip("_."):
        raise ValueError(f"{shown(text)} is not a host name: {_LABEL_WORDS}")
    return _parse_labels(text, _LONGEST_HOSTNAME, "host name")


def parse_domain(text: str) -> str:
    """As resolv.conf(5); a `~` before the domain has a meaning to systemd only."""
    return _parse_labels(text, _LONGEST_DOMAIN, "domain")


def _parse_labels(text: str, longest: int, what: str) -> str:
    if len(text) > longest or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise ValueError(f"{shown(text)} is not a {what}: {_LABEL_WORDS}")
    return text


def parse_interface_name(text: str) -> str:
    """A name that the kernel and every program that reads it take literally.

    dev_valid_name() in the kernel's net/core/dev.c allows far more: all but spaces, `/` and `:`.
    systemd, netplan, ifupdown, sysctl, shells and ipvsadm give many of those a meaning: globs,
    lists, `!` for not, `~` for YAML's null, a leading `-` for an option, a leading dot for a
    hidden file. ifname_valid() in systemd's basic/socket-util.c: a number is an index; all and
    default are directories beside the interfaces' own in /proc/sys/net.
    """
    if not 0 < len(text) <= _LONGEST_INTERFACE:
        raise ValueError(
            f"{shown(text)} is not an interface name: 1 to {_LONGEST_INTERFACE} characters"
        )
    if text[0] in ".-+@":
        raise ValueError(
            f"{shown(text)} is not an interface name: a letter, a digit or _ comes first"
        )
    if not _INTERFACE.fullmatch(text):
        what = _NAME_DOTS if set(text) <= _NAME_CHARACTERS else _NAME_WORDS
        alias = _ALIAS.fullmatch(text)
        hint = f"an alias is a label: give its addresses to {alias[1]}" if alias else ""
        raise FormatError(f"{shown(text)} is not an interface name: {what}", hint)
    if text in {"all", "default"} or text.isdigit():
        raise ValueError(f"{shown(text)} is not an interface name: it has another meaning")
    return text


def parse_mac(text: str) -> str:
    if not _MAC.fullmatch(text):
        raise ValueError(f"{shown(text)} is not a MAC address, such as 52:54:00:12:34:56")
    if int(text[:2], 16) & 1:
        raise ValueError(f"{shown(text)} is a multicast MAC address, which no NIC has")
    if not int(text.replace(":", ""), 16):
        raise ValueError(f"{shown(text)} is no NIC's MAC address")
    return text.lower()


def parse_port_range(text: str) -> tuple[int, int]:
    """The first and the last port; a single port is a number, not a text."""
    match = _PORT_RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{shown(text)} is not a range of ports, such as 8000-8100")
    first, last = int(match[1]), int(match[2])
    if last > _MAX_PORT:
        raise ValueError(f"{shown(text)} goes beyond port {_MAX_PORT}")
    if first >= last:
        raise ValueError(f"{shown(text)} is empty: its first port is not below its last")
    return first, last


def parse_sysctl_name(text: str) -> str:
    if not _SYSCTL.fullmatch(text) or not set(text) & set("./") or text.endswith((".", "/")):
        raise ValueError(f"{shown(text)} is not a sysctl name, such as net.core.somaxconn")
    if repeated := _REPEATED_SEPARATORS.search(text):
        raise ValueError(
            f"{shown(text)} is not a sysctl name: {shown(repeated[0])} separates no names"
        )
    return text


def parse_ipvs_parameter(text: str) -> str:
    if not _PARAMETER.fullmatch(text):
        raise ValueError(f"{shown(text)} is not the last name of a net.ipv4.vs parameter")
    return text


def parse_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("the value holds a line break or another control character")
    return text


PARSERS: dict[str, Callable[[str], object]] = {
    "ip": parse_address,
    "ip-interface": parse_interface_address,
    "ip-network": parse_network,
    "ipv4": parse_ipv4,
    "ipv6": parse_ipv6,
    "multicast": parse_multicast,
    "domain": parse_domain,
    "hostname": parse_hostname,
    "interface-name": parse_interface_name,
    "mac": parse_mac,
    "port-range": parse_port_range,
    "sysctl-name": parse_sysctl_name,
    "ipvs-parameter": parse_ipvs_parameter,
    "one-line": parse_line,
}
"""By the schema's `format` words; the decoder calls the same functions."""
