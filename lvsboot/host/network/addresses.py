"""Compares the addresses of a role's NICs with those that a host has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot.host.live_network import LiveNetwork
from lvsboot.role.model import Nic


def missing_addresses(nics: Iterable[Nic], network: LiveNetwork) -> Iterator[str]:
    """A sentence for each NIC or address of the role that the kernel does not have."""
    present = {(found.link, found.interface) for found in network.addresses}
    for nic in nics:
        if nic.name not in network.links:
            yield f"there is no interface {nic.name}: with backend external the platform makes it"
            continue
        for address in nic.addresses:
            if (nic.name, address) not in present:
                yield (
                    f"{nic.name} has no {address}: with backend external the platform gives it, "
                    "so change its configuration, or say another network.backend"
                )
