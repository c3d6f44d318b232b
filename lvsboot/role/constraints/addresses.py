"""What an address can mean, and what the host's own networks make of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import islice

from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address, Interface, Network
from lvsboot.role.model import Dhcp, Director, Nic, RealServer, Role

_WHOLE = {4: 32, 6: 128}
_MOST_NAMED = 8
NetworkKey = tuple[bytes, int]
_DHCP_FAMILIES: dict[Dhcp, frozenset[int]] = {
    Dhcp.NO: frozenset(),
    Dhcp.IPV4: frozenset({4}),
    Dhcp.IPV6: frozenset({6}),
    Dhcp.BOTH: frozenset({4, 6}),
}


def unicast_trouble(address: Address) -> str:
    """Why an address is no single host's, to follow it in a sentence; nothing where it may be."""
    packed = address.packed
    if isinstance(address, IPv4Address):
        first = packed[0]
        if 0 < first < 224 and first != 127:
            return ""  # most of them: this is asked of each of some thousand real servers
        if packed == b"\xff" * 4:
            return "is the broadcast address"
        if first == 0:
            return "is the unspecified address" if not any(packed) else "is in 0.0.0.0/8, no host's"
        if first == 127:
            return "is a loopback address"
        return "is a multicast address" if first < 240 else "is in 240.0.0.0/4, which is reserved"
    if packed[0] == 0xFF:
        return "is a multicast address"
    if not any(packed[:15]) and packed[15] <= 1:
        return "is a loopback address" if packed[15] else "is the unspecified address"
    mapped = address.ipv4_mapped
    return f"is an IPv4 address in disguise: write {mapped}" if mapped is not None else ""


def address_text(address: Address) -> str:
    """As 3.13 writes it; until then Python hid an IPv4 address in two hexadecimal groups."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped is not None else str(address)


def own_addresses(role: Role) -> Iterator[tuple[Path, Address]]:
    """Every address that the host itself would hold."""
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


def edge_word(interface: Interface) -> str:
    """What a host's address is instead, if it is the first or last of its network."""
    network = interface.network
    if network.prefixlen >= _WHOLE[network.version] - 1:
        return ""
    if interface.ip == network.network_address:
        return "is the network itself"
    is_last = network.version == 4 and interface.ip == network.broadcast_address
    return "is the network's broadcast address" if is_last else ""


class Surroundings:
    """What the static addresses of a role's NICs say about the networks around the host."""

    def __init__(self, role: Role) -> None:
        self.own: dict[Address, Path] = {}
        for path, address in own_addresses(role):
            self.own.setdefault(address, path)
        self._networks = _Networks(it.network for nic in role.nics for it in nic.addresses)
        self._of_nic = {
            nic.name: _Networks(it.network for it in nic.addresses) for nic in role.nics
        }
        self._routed = _Networks(route.to for nic in role.nics for route in nic.routes)
        self._dhcp = {version for nic in role.nics for version in _DHCP_FAMILIES[nic.dhcp]}
        self._gateways = {
            gateway.version
            for nic in role.nics
            for gateway in (nic.gateway, nic.gateway6)
            if gateway is not None
        }
        self._edges: dict[Address, tuple[str, Path]] = {}
        for nic in role.nics:
            for i, interface in enumerate(nic.addresses):
                self._add(interface, ("network", "interfaces", nic.name, "addresses", i))

    def _add(self, interface: Interface, path: Path) -> None:
        network = interface.network
        if network.prefixlen < _WHOLE[network.version] - 1:
            self._edges.setdefault(network.network_address, (f"is the network {network}", path))
            if network.version == 4:
                word = f"is the broadcast address of {network}"
                self._edges.setdefault(network.broadcast_address, (word, path))

    def host_trouble(self, address: Address, path: Path) -> Iterator[Finding]:
        """A finding where another host's address is none."""
        if trouble := unicast_trouble(address):
            yield Finding(
                path, f"{address_text(address)} {trouble}", "a single host's address is meant here"
            )
        elif address in self._edges:
            word, conflicts_with = self._edges[address]
            yield Finding(path, f"{address} {word}", conflicts_with=conflicts_with)

    def is_known(self, version: int) -> bool:
        """Whether the role tells all networks of a family: none comes by DHCP."""
        return version in self._networks.versions and version not in self._dhcp

    def is_on_link(self, address: Address) -> bool:
        return address in self._networks

    def has_network(self, nic: Nic, version: int) -> bool:
        """Whether one of the NIC's own addresses is of the family."""
        return version in self._of_nic[nic.name].versions

    def there_on(self, nic: Nic, version: int) -> str:
        """A hint at the NIC's networks of a family."""
        return there(self._of_nic[nic.name].named[version])

    def is_off_link(self, nic: Nic, address: Address) -> bool:
        """Whether an address is surely on none of the NIC's networks."""
        if has_dhcp(nic, address.version) or (address.version == 6 and address.is_link_local):
            return False
        networks = self._of_nic[nic.name]
        if address.version == 6 and 6 not in networks.versions:
            return False  # router advertisements may bring one
        return address not in networks

    def is_own_network(self, nic: Nic, network: Network) -> bool:
        return self._of_nic[nic.name].holds(network)

    def has_way(self, address: Address) -> bool:
        """Whether a network, a gateway or a route leads to the address."""
        return (
            address.version in self._gateways
            or address in self._networks
            or address in self._routed
        )


class _Networks:
    """A set of networks; asked for each of some thousand addresses, and may be as large itself."""

    def __init__(self, networks: Iterable[Network]) -> None:
        networks = tuple(networks)
        self.named: dict[int, list[Network]] = defaultdict(list)
        for network in networks:
            if len(self.named[network.version]) <= _MOST_NAMED:
                self.named[network.version].append(network)
        self._keys: set[NetworkKey] = set()
        self.versions: set[int] = set()
        # By version, without what stands in an earlier one: both of the lists rise.
        self._firsts: dict[int, list[int]] = defaultdict(list)
        self._lasts: dict[int, list[int]] = defaultdict(list)
        for network in sorted(networks, key=_order):
            self._keys.add(network_key(network))
            self.versions.add(network.version)
            lasts = self._lasts[network.version]
            last = int(network.broadcast_address)
            if not lasts or last > lasts[-1]:
                self._firsts[network.version].append(int(network.network_address))
                lasts.append(last)

    def holds(self, network: Network) -> bool:
        return network_key(network) in self._keys

    def __contains__(self, address: Address) -> bool:
        if address.version not in self.versions:
            return False
        at = bisect_right(self._firsts[address.version], int(address)) - 1
        return at >= 0 and int(address) <= self._lasts[address.version][at]


def _order(network: Network) -> tuple[int, int]:
    return int(network.network_address), network.prefixlen


def network_key(network: Network) -> NetworkKey:
    """What a set knows a network by.

    IPv6Network's own hash is its number modulo 2**61 - 1: a file can hold 100,000 of one hash.
    """
    return network.network_address.packed, network.prefixlen


def has_dhcp(nic: Nic, version: int) -> bool:
    return version in _DHCP_FAMILIES[nic.dhcp]


def networks_of(nic: Nic, version: int) -> Iterator[Network]:
    return (it.network for it in nic.addresses if it.version == version)


def there(things: Iterable[object]) -> str:
    """A hint at what there is."""
    names = [str(thing) for thing in islice(things, _MOST_NAMED + 1)]
    if not names:
        return "there is none"
    more = ", …" if len(names) > _MOST_NAMED else ""
    return f"there: {', '.join(names[:_MOST_NAMED])}{more}"
