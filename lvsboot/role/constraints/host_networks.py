"""The networks, gateways and addresses that a role gives its host, and what they reach."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from lvsboot.role.constraints.addresses import (
    address_text,
    network_edges,
    network_key,
    own_addresses,
    unicast_error,
)
from lvsboot.role.constraints.findings import NETWORK
from lvsboot.role.constraints.names import MOST_NAMED, available_hint
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address, Network
from lvsboot.role.model import Nic, Role


class HostNetworks:
    """Questions about a role's static networks; each takes as long for one NIC as for thousands."""

    def __init__(self, role: Role) -> None:
        self.own: dict[Address, Path] = {}
        for path, address in own_addresses(role):
            self.own.setdefault(address, path)
        self._networks = _Networks(
            address.network for nic in role.nics for address in nic.addresses
        )
        self._of_nic = {
            nic.name: _Networks(address.network for address in nic.addresses) for nic in role.nics
        }
        self._routed = _Networks(route.to for nic in role.nics for route in nic.routes)
        self._dhcp = {v for v in (4, 6) if any(nic.has_dhcp(v) for nic in role.nics)}
        self._gateways = {gateway.version for nic in role.nics for gateway in nic.gateways}
        self._edges: dict[Address, tuple[str, Path]] = {}
        for nic in role.nics:
            for i, interface in enumerate(nic.addresses):
                path = (*NETWORK, nic.name, "addresses", i)
                for address, error in network_edges(interface.network):
                    self._edges.setdefault(address, (error, path))

    def host_error(self, address: Address, path: Path) -> Iterator[Finding]:
        """A finding unless the address can be another host's."""
        if error := unicast_error(address):
            message = f"{address_text(address)} {error}"
            yield Finding(path, message, "give the address of a single host")
        elif address in self._edges:
            error, conflict = self._edges[address]
            yield Finding(path, f"{address} {error}", conflicts_with=conflict)

    def vip_error(self, vip: Address, path: Path) -> Iterator[Finding]:
        yield from self.host_error(vip, path)
        if vip.is_link_local:
            message = f"{vip} is link-local: nobody beyond its link can reach it"
            yield Finding(path, message)

    def is_known(self, version: int) -> bool:
        """Whether the role has all networks of an IP version: there are some, and no DHCP."""
        return version in self._networks.versions and version not in self._dhcp

    def is_on_link(self, address: Address) -> bool:
        return address in self._networks

    def has_network(self, nic: Nic, version: int) -> bool:
        return version in self._of_nic[nic.name].versions

    def available_on(self, nic: Nic, version: int) -> str:
        """A hint at the NIC's networks of an IP version."""
        return available_hint(self._of_nic[nic.name].named[version])

    def is_off_link(self, nic: Nic, address: Address) -> bool:
        """Whether the address is certainly in none of the NIC's networks."""
        if nic.has_dhcp(address.version) or (address.version == 6 and address.is_link_local):
            return False
        networks = self._of_nic[nic.name]
        if address.version == 6 and 6 not in networks.versions:
            return False  # router advertisements may bring one
        return address not in networks

    def is_own_network(self, nic: Nic, network: Network) -> bool:
        return self._of_nic[nic.name].has_network(network)

    def is_reachable(self, address: Address) -> bool:
        """Whether a network, a gateway or a route leads to the address."""
        return (
            address.version in self._gateways
            or address in self._networks
            or address in self._routed
        )


class _Networks:
    """A set of networks that finds an address by bisection: there may be thousands of both."""

    def __init__(self, networks: Iterable[Network]) -> None:
        networks = tuple(networks)
        self.named: dict[int, list[Network]] = defaultdict(list)
        for network in networks:
            if len(self.named[network.version]) <= MOST_NAMED:
                self.named[network.version].append(network)
        self.versions = {network.version for network in networks}
        self._keys = {network_key(network) for network in networks}
        # First and last addresses by version, both rising: networks inside another are left out.
        self._firsts: dict[int, list[int]] = defaultdict(list)
        self._lasts: dict[int, list[int]] = defaultdict(list)
        for network in sorted(
            networks, key=lambda network: (int(network.network_address), network.prefixlen)
        ):
            lasts = self._lasts[network.version]
            last = int(network.broadcast_address)
            if not lasts or last > lasts[-1]:
                self._firsts[network.version].append(int(network.network_address))
                lasts.append(last)

    def has_network(self, network: Network) -> bool:
        return network_key(network) in self._keys

    def __contains__(self, address: Address) -> bool:
        if address.version not in self.versions:
            return False
        at = bisect_right(self._firsts[address.version], int(address)) - 1
        return at >= 0 and int(address) <= self._lasts[address.version][at]
