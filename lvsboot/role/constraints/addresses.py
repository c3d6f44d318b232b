"""What a single address can mean, and which addresses a role gives its host."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from lvsboot.role.document import Path
from lvsboot.role.formats import Address, Network
from lvsboot.role.model import Director, RealServer, Role


def unicast_error(address: Address) -> str:
    """Why no single host can have the address, to follow it in a sentence; else empty."""
    packed = address.packed
    if isinstance(address, IPv4Address):
        first = packed[0]
        if 0 < first < 224 and first != 127:
            return ""  # first, as a role may have some thousand real servers
        if packed == b"\xff" * 4:
            return "is the broadcast address"
        if first == 0:
            return (
                "is the unspecified address"
                if not any(packed)
                else "is in 0.0.0.0/8, which no host has"
            )
        if first == 127:
            return "is a loopback address"
        return "is a multicast address" if first < 240 else "is in 240.0.0.0/4, which is reserved"
    if packed[0] == 0xFF:
        return "is a multicast address"
    if not any(packed[:15]) and packed[15] <= 1:
        return "is a loopback address" if packed[15] else "is the unspecified address"
    mapped = address.ipv4_mapped
    return f"is an IPv4-mapped IPv6 address: write {mapped}" if mapped is not None else ""


def address_text(address: Address) -> str:
    """As Python 3.13 writes it; earlier ones write a mapped IPv4 address in hexadecimal."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped is not None else str(address)


def own_addresses(role: Role) -> Iterator[tuple[Path, Address]]:
    """Every address that the role gives its host, with its path."""
    for nic in role.nics:
        for i, interface in enumerate(nic.addresses):
            yield ("network", "interfaces", nic.name, "addresses", i), interface.ip
    match role.kind:
        case Director(vips=vips):
            for i, vip in enumerate(vips):
                yield ("director", "vips", i, "address"), vip.address
        case RealServer(vips=addresses):
            for i, address in enumerate(addresses):
                yield ("real_server", "vips", i), address


def network_edges(network: Network) -> Iterator[tuple[Address, str]]:
    """The addresses of a network that are no host's, each with the reason for a sentence."""
    if network.prefixlen < network.max_prefixlen - 1:
        yield network.network_address, f"is the network {network}"
        if network.version == 4:
            yield network.broadcast_address, f"is the broadcast address of {network}"


def network_key(network: Network) -> tuple[bytes, int]:
    """A key for sets and dictionaries.

    IPv6Network's own hash is its number modulo 2**61 - 1: a file can hold 100,000 of one hash.
    """
    return network.network_address.packed, network.prefixlen
