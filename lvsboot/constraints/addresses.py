"""What an address can mean, and what the host's own networks make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from lvsboot.document import Finding, Path
from lvsboot.formats import Address, Interface, Network
from lvsboot.model import Dhcp, Director, Nic, RealServer, Role

_WHOLE = {4: 32, 6: 128}
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


def own_addresses(role: Role) -> Iterator[tuple[Path, Address]]:
    """Every address that the host itself would hold."""
    for nic in role.nics:
        for i, interface in enumerate(nic.addresses):
            yield ("network", "interfaces", nic.name, "addresses", i), interface.ip
    match role.duty:
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
        self._nics = role.nics
        self._networks: list[Network] = []
        self._edges: dict[Address, tuple[str, Path]] = {}
        for nic in role.nics:
            for i, interface in enumerate(nic.addresses):
                self._add(interface, ("network", "interfaces", nic.name, "addresses", i))

    def _add(self, interface: Interface, path: Path) -> None:
        network = interface.network
        self._networks.append(network)
        if network.prefixlen < _WHOLE[network.version] - 1:
            self._edges.setdefault(network.network_address, (f"is the network {network}", path))
            if network.version == 4:
                word = f"is the broadcast address of {network}"
                self._edges.setdefault(network.broadcast_address, (word, path))

    def host_trouble(self, address: Address, path: Path) -> Iterator[Finding]:
        """A finding where another host's address is none."""
        if trouble := unicast_trouble(address):
            yield Finding(path, f"{address} {trouble}", "a single host's address is meant here")
        elif address in self._edges:
            word, twin = self._edges[address]
            yield Finding(path, f"{address} {word}", twin=twin)

    def is_known(self, version: int) -> bool:
        """Whether the role tells all networks of a family: none comes by DHCP."""
        return any(network.version == version for network in self._networks) and not any(
            has_dhcp(nic, version) for nic in self._nics
        )

    def is_on_link(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def has_way(self, address: Address) -> bool:
        """Whether a network, a gateway or a route leads to the address."""
        return self.is_on_link(address) or any(
            (nic.gateway if address.version == 4 else nic.gateway6) is not None
            or any(address in route.to for route in nic.routes)
            for nic in self._nics
        )


def has_dhcp(nic: Nic, version: int) -> bool:
    return version in _DHCP_FAMILIES[nic.dhcp]


def networks_of(nic: Nic, version: int) -> list[Network]:
    return [it.network for it in nic.addresses if it.version == version]


def is_off_link(nic: Nic, address: Address) -> bool:
    """Whether an address is surely on none of the NIC's networks."""
    if has_dhcp(nic, address.version) or (address.version == 6 and address.is_link_local):
        return False
    networks = networks_of(nic, address.version)
    if not networks and address.version == 6:
        return False  # router advertisements may bring one
    return not any(address in network for network in networks)


def there(networks: Iterable[object]) -> str:
    """A hint at what there is."""
    names = ", ".join(map(str, networks))
    return f"there: {names}" if names else "there is none"
