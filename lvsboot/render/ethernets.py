"""NICs in network-config version 2, the format that netplan and cloud-init share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lvsboot.role.model import Nic
from lvsboot.role.vlans import Vlan

# Not "default", which only some of cloud-init 22.4's renderers know.
_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}


def network_config(
    entries: Mapping[str, dict[str, Any]], vlans: Mapping[str, Vlan]
) -> dict[str, Any]:
    """The whole configuration; `entries` by NIC, of which those in `vlans` get id and link."""
    ethernets = {name: entry for name, entry in entries.items() if name not in vlans}
    tagged = {
        name: {"id": vlans[name].id, "link": vlans[name].link, **entry}
        for name, entry in entries.items()
        if name in vlans
    }
    return {"version": 2, "ethernets": ethernets, **({"vlans": tagged} if tagged else {})}


def ethernet(nic: Nic) -> dict[str, Any]:
    """The NIC's entry, with its host addresses and no VIP."""
    settings: dict[str, Any] = {}
    if nic.mac is not None:
        settings |= {"match": {"macaddress": nic.mac}, "set-name": nic.name}
    settings |= {"dhcp4": nic.has_dhcp(4), "dhcp6": nic.has_dhcp(6)}
    if nic.addresses:
        settings["addresses"] = [str(address) for address in nic.addresses]
    routes = [(_DEFAULT[gateway.version], gateway) for gateway in nic.gateways]
    routes += [(str(route.to), route.via) for route in nic.routes]
    on_link = {"on-link": True} if nic.gateway_on_link else {}
    if routes:
        settings["routes"] = [{"to": to, "via": str(via), **on_link} for to, via in routes]
    resolver = {"search": [*nic.search], "addresses": [str(server) for server in nic.nameservers]}
    if any(resolver.values()):
        settings["nameservers"] = {key: values for key, values in resolver.items() if values}
    if nic.mtu is not None:
        settings["mtu"] = nic.mtu
    if not nic.required:
        settings["optional"] = True
    return settings
