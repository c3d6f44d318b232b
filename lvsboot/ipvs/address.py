"""Addresses between text and packed bytes.

Pure although it imports socket: inet_pton() and the like depend on their argument alone, and are
several times faster than `ipaddress`.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_aton, inet_ntop, inet_pton

# inet_aton(3) reads octal and hexadecimal numbers, too.
_IPV4_CHARACTERS = "0123456789abcdefABCDEFxX."


def parse_address(text: str) -> bytes | None:
    """The packed form of a numeric address, or None."""
    return parse_ipv6(text) if ":" in text else parse_ipv4(text)


def parse_ipv4(text: str) -> bytes | None:
    """As ipvsadm reads it, with inet_aton(3), except that nothing may follow the address.

    Of `10.0.0.1 10.0.0.2` inet_aton(3) would take the first and ignore the rest.
    """
    if text.strip(_IPV4_CHARACTERS):
        return None
    try:
        return inet_aton(text)
    except (OSError, ValueError):  # ValueError: a null or a surrogate within.
        return None


def parse_ipv6(text: str) -> bytes | None:
    return parse_full_address(text) if ":" in text else None


def parse_full_address(text: str) -> bytes | None:
    """As inet_pton(3) reads it: 1.2.3, which is 1.2.0.3 to inet_aton(3), is no address."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        return None


def format_address(address: bytes) -> str:
    return inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)


def format_endpoint(address: bytes, port: int) -> str:
    """`192.0.2.1:80` or `[2001:db8::1]:80`."""
    host = format_address(address)
    return f"{host}:{port}" if len(address) == 4 else f"[{host}]:{port}"
