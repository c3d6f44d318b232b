"""Parses the values of options as ipvsadm does, except that host names are refused."""

from __future__ import annotations

from typing import NamedTuple

from lvsboot.ipvs.address import parse_address
from lvsboot.ipvs.rules.options import CommandError, ParsedOption
from lvsboot.ipvs.table import DaemonRole, SchedulerFlag, TunnelType

LARGEST_INT = 2**31 - 1
LARGEST_MARK = 2**32 - 1
# ipvsadm's MAX_TIMEOUT: 31 days.
LONGEST_TIMEOUT = 86400 * 31
# IP_VS_SCHEDNAME_MAXLEN, IP_VS_PENAME_MAXLEN and IP_VS_IFNAME_MAXLEN, less the closing null.
LONGEST_NAME = 15
_MOST_DIGITS = 20

_FLAGS = {
    "flag-1": (SchedulerFlag.FALLBACK, ""),
    "flag-2": (SchedulerFlag.PORT, ""),
    "flag-3": (SchedulerFlag.THIRD, ""),
    "sh-fallback": (SchedulerFlag.FALLBACK, "sh"),
    "sh-port": (SchedulerFlag.PORT, "sh"),
    "mh-fallback": (SchedulerFlag.FALLBACK, "mh"),
    "mh-port": (SchedulerFlag.PORT, "mh"),
}


class Endpoint(NamedTuple):
    """An address and the text of its port, None without one."""

    address: bytes
    port: str | None


def number(parsed: ParsedOption, low: int, high: int) -> int:
    """A decimal number as strtol(3) reads it, within bounds."""
    text = parsed.value or ""
    found = _decimal(text)
    if found is not None and low <= found <= high:
        return found
    name = parsed.option.group.value
    raise CommandError(f"{name} '{text}' is not a number from {low} to {high}", parsed.word)


def port_text_number(text: str) -> int | None:
    found = _decimal(text)
    return found if found is not None and found <= 0xFFFF else None


def _decimal(text: str) -> int | None:
    """Bounded in length, as int() raises ValueError for thousands of digits."""
    digits = text.removeprefix("+")
    sane = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if sane else None


def name(parsed: ParsedOption) -> str:
    """A module's or interface's name, which ipvsadm would truncate silently if it is too long."""
    text = parsed.value or ""
    what = parsed.option.group.value
    if not text:
        raise CommandError(f"{what} is empty", parsed.word)
    # Also refuses surrogates, which cannot be encoded, and a null, which would end the name.
    if not (text.isascii() and text.isprintable()):
        message = f"{what} '{text}' is not printable ASCII, as a kernel's names are"
        raise CommandError(message, parsed.word)
    if text == "ipvsadm":
        raise CommandError(f"{what} '{text}': `ipvsadm -R` drops that word", parsed.word)
    if len(text) > LONGEST_NAME:
        raise CommandError(f"{what} '{text}' is longer than {LONGEST_NAME} bytes", parsed.word)
    return text


def endpoint(parsed: ParsedOption) -> Endpoint:
    """`ADDRESS`, `ADDRESS:PORT`, `[ADDRESS6]:PORT` or `ADDRESS6`."""
    text = parsed.value or ""
    if text.isdigit():
        raise CommandError(f"'{text}' is not an address", parsed.word)
    if text.startswith("["):
        return _bracketed(text, parsed)
    if text.count(":") > 1 and (address := parse_address(text)) is not None:
        return Endpoint(address, None)
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, ""
    return Endpoint(_host_address(host, parsed), port if colon else None)


def _bracketed(text: str, parsed: ParsedOption) -> Endpoint:
    host, bracket, tail = text[1:].partition("]")
    if not bracket or not tail.startswith(":"):
        raise CommandError(f"'{text}' is not [ADDRESS]:PORT", parsed.word)
    address = _host_address(host, parsed)
    if len(address) == 4:
        # ipvsadm takes this and forgets the port.
        raise CommandError(f"'{text}': brackets are for IPv6", parsed.word)
    return Endpoint(address, tail[1:])


def _host_address(host: str, parsed: ParsedOption) -> bytes:
    address = parse_address(host)
    if address is not None:
        return address
    looks_numeric = ":" in host or host.replace(".", "").isdigit()
    if looks_numeric or not host:
        raise CommandError(f"'{host}' is not an IP address", parsed.word)
    message = f"'{host}' is a host name: rules are loaded before there is a network to resolve it"
    raise CommandError(message, parsed.word, hint="write its address, as `ipvsadm -Sn` does")


def netmask4(parsed: ParsedOption) -> int:
    text = parsed.value or ""
    address = parse_address(text)
    if address is None or len(address) != 4:
        raise CommandError(f"'{text}' is not an IPv4 netmask", parsed.word)
    return int.from_bytes(address, "big")


def scheduler_flags(parsed: ParsedOption, scheduler: str) -> frozenset[SchedulerFlag]:
    flags = set()
    for word in filter(None, (parsed.value or "").split(",")):
        flag, only_for = _FLAGS.get(word, (None, ""))
        if flag is None:
            known = ", ".join(_FLAGS)
            raise CommandError(f"'{word}' is not a scheduler flag", parsed.word, hint=known)
        if only_for and only_for != scheduler:
            raise CommandError(f"{word} does not go with scheduler {scheduler}", parsed.word)
        flags.add(flag)
    return frozenset(flags)


def tunnel_type(parsed: ParsedOption) -> TunnelType:
    try:
        return TunnelType(parsed.value or "")
    except ValueError:
        known = ", ".join(TunnelType)
        message = f"'{parsed.value}' is not a tunnel type"
        raise CommandError(message, parsed.word, hint=known) from None


def daemon_role(parsed: ParsedOption) -> DaemonRole:
    try:
        return DaemonRole(parsed.value or "")
    except ValueError:
        message = f"'{parsed.value}' is neither master nor backup"
        raise CommandError(message, parsed.word) from None


def multicast_group(parsed: ParsedOption) -> bytes:
    """Packed; ipvsadm reads it with inet_pton(3), which wants all four numbers."""
    text = parsed.value or ""
    address = parse_address(text)
    if address is not None and (len(address) == 16 or text.count(".") == 3):
        first = address[0]
        if first == 0xFF if len(address) == 16 else first >> 4 == 0xE:
            return address
    raise CommandError(f"'{text}' is not a multicast address", parsed.word)
