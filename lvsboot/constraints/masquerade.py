"""Rules on a director's masquerading."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from lvsboot.complaints import did_you_mean
from lvsboot.constraints.addresses import there
from lvsboot.constraints.findings import METHOD, NETWORK, SERVICES, Uses, warning
from lvsboot.document import Finding, Path
from lvsboot.formats import Network
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.model import Director, Masquerade, Nic, Role

_SERVICES: tuple[Path, ...] = (SERVICES, METHOD)


def masquerade_findings(director: Director, role: Role) -> Iterator[Finding]:
    behind = _behind(director)
    nics = {nic.name: nic for nic in role.nics}
    uses = Uses()
    for i, masquerade in enumerate(director.masquerades):
        path: Path = ("director", "masquerade", i)
        if first := uses.again(masquerade, path):
            message = f"{masquerade.source} leaves through '{masquerade.interface}' twice"
            yield Finding((*path, "source"), message, twin=first)
        yield from _source(masquerade.source, behind, (*path, "source"))
        if role.network is not None and masquerade.source.prefixlen:
            yield from _interface(masquerade, nics, (*path, "interface"))


def _behind(director: Director) -> dict[int, list[int]]:
    """The nat real servers' addresses as numbers, sorted, by IP version."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for service in director.services:
        for destination in service.destinations:
            if destination.method is ForwardingMethod.NAT:
                numbers[destination.address.version].add(int(destination.address))
    return {version: sorted(found) for version, found in numbers.items()}


def _source(source: Network, behind: dict[int, list[int]], path: Path) -> Iterator[Finding]:
    if source.prefixlen == 0:
        yield Finding(path, f"{source} is everybody, not a network of real servers")
    elif source.version not in behind:
        message = f"no service forwards by nat over IPv{source.version}"
        hint = "masquerade is for the real servers behind a nat director"
        yield Finding(path, message, hint, given=_SERVICES)
    elif not _holds_one(source, behind[source.version]):
        yield warning(path, f"no nat real server is in {source}", given=_SERVICES)


def _holds_one(network: Network, numbers: list[int]) -> bool:
    first = bisect_left(numbers, int(network.network_address))
    return first < len(numbers) and numbers[first] <= int(network.broadcast_address)


def _interface(masquerade: Masquerade, nics: Mapping[str, Nic], path: Path) -> Iterator[Finding]:
    nic = nics.get(masquerade.interface)
    if nic is None:
        hint = did_you_mean(masquerade.interface, list(nics)) or there(nics)
        message = f"'{masquerade.interface}' is not in network.interfaces"
        yield Finding(path, message, hint, given=(NETWORK,))
    elif nic.addresses and all(address.ip in masquerade.source for address in nic.addresses):
        message = f"'{nic.name}' is where {masquerade.source} comes from"
        yield warning(path, message, "name the interface through which its packets leave")
