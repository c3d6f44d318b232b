"""Compares the addresses that a role counts on with those that a host has. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from ipaddress import ip_interface

from lvsboot.role.model import Nic


def missing_addresses(nics: Iterable[Nic], shown: str) -> Iterator[str]:
    """Sentences on what is not there; `shown` is what `ip -json address show` printed."""
    there = {
        link["ifname"]: {
            ip_interface(f"{it['local']}/{it['prefixlen']}")
            for it in link.get("addr_info", ())
            if "local" in it
        }
        for link in json.loads(shown)
        if "ifname" in link
    }
    for nic in nics:
        if nic.name not in there:
            yield f"there is no interface {nic.name}: with backend external the platform makes it"
            continue
        for address in nic.addresses:
            if address not in there[nic.name]:
                yield (
                    f"{nic.name} has no {address}: with backend external the platform gives it, "
                    "so change its configuration, or say another network.backend"
                )
