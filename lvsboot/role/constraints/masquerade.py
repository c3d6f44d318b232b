"""Rules on a director's masquerading."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.constraints.addresses import network_key
from lvsboot.role.constraints.findings import METHOD, SERVICES, Uses, warning
from lvsboot.role.constraints.names import Names, unknown_interface
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address, Network
from lvsboot.role.model import Director, Masquerade, Nic, Role

_SERVICES: tuple[Path, ...] = (SERVICES, METHOD)


def masquerade_findings(director: Director, role: Role) -> Iterator[Finding]:
    behind = _behind(director)
    nics = {nic.name: _bounds(nic) for nic in role.nics}
    names = Names(list(nics))
    uses = Uses()
    for i, masquerade in enumerate(director.masquerades):
        path: Path = ("director", "masquerade", i)
        if first := uses.first_use((network_key(masquerade.source), masquerade.interface), path):
            message = f"{masquerade.source} is masqueraded on '{masquerade.interface}' twice"
            yield Finding((*path, "source"), message, conflicts_with=first)
        yield from _source(masquerade.source, behind, (*path, "source"))
        if role.network is not None and masquerade.source.prefixlen:
            yield from _interface(masquerade, nics, names, (*path, "interface"))


def _behind(director: Director) -> dict[int, list[int]]:
    """The nat real servers' addresses as numbers, sorted, by IP version."""
    # Lists, not sets: a file can choose IPv6 addresses whose numbers have one hash.
    numbers: dict[int, list[int]] = defaultdict(list)
    for service in director.services:
        for destination in service.destinations:
            if destination.method is ForwardingMethod.NAT:
                numbers[destination.address.version].append(int(destination.address))
    return {version: sorted(found) for version, found in numbers.items()}


def _source(source: Network, behind: dict[int, list[int]], path: Path) -> Iterator[Finding]:
    if source.prefixlen == 0:
        yield Finding(path, f"{source} is every address, not a network of real servers")
    elif source.version not in behind:
        message = f"no service forwards by nat over IPv{source.version}"
        hint = "masquerade is for the real servers behind a nat director"
        yield Finding(path, message, hint, depends_on=_SERVICES)
    elif not _holds_one(source, behind[source.version]):
        yield warning(path, f"no nat real server is in {source}", depends_on=_SERVICES)


def _holds_one(network: Network, numbers: list[int]) -> bool:
    first = bisect_left(numbers, int(network.network_address))
    return first < len(numbers) and numbers[first] <= int(network.broadcast_address)


def _bounds(nic: Nic) -> tuple[Address, ...]:
    """The NIC's first and last address of each IP version."""
    addresses = [interface.ip for interface in nic.addresses]
    families = (
        [address for address in addresses if address.version == version] for version in (4, 6)
    )
    return tuple(bound(family) for family in families if family for bound in (min, max))


def _interface(
    masquerade: Masquerade, nics: Mapping[str, tuple[Address, ...]], names: Names, path: Path
) -> Iterator[Finding]:
    name, source = masquerade.interface, masquerade.source
    if name not in nics:
        yield unknown_interface(name, names, path)
    elif nics[name] and all(address in source for address in nics[name]):
        message = f"'{name}' is the interface that {source} is on"
        yield warning(path, message, "name the interface through which its packets leave")
