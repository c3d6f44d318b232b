"""A NIC in the words that netplan and cloud-init's network-config share (version 2)."""

from __future__ import annotations

from typing import Any

from lvsboot.role.model import Dhcp, Nic
from lvsboot.role.vlans import Vlan


def ethernet(nic: Nic) -> dict[str, Any]:
    """The NIC's entry below `ethernets`, with its host addresses and no VIP."""
    settings: dict[str, Any] = {}
    if nic.mac is not None:
        settings |= {"match": {"macaddress": nic.mac}, "set-name": nic.name}
    settings["dhcp4"] = nic.dhcp in {Dhcp.IPV4, Dhcp.BOTH}
    settings["dhcp6"] = nic.dhcp in {Dhcp.IPV6, Dhcp.BOTH}
    if nic.addresses:
        settings["addresses"] = [str(address) for address in nic.addresses]
    # Not "default": cloud-init 22.4 knows only the numeric form everywhere.
    ways = [("0.0.0.0/0", nic.gateway), ("::/0", nic.gateway6)]
    ways += [(str(route.to), route.via) for route in nic.routes]
    on_link = {"on-link": True} if nic.gateway_on_link else {}
    routes = [{"to": to, "via": str(via), **on_link} for to, via in ways if via is not None]
    if routes:
        settings["routes"] = routes
    if resolving := _resolving(nic):
        settings["nameservers"] = resolving
    if nic.mtu is not None:
        settings["mtu"] = nic.mtu
    if not nic.required:
        settings["optional"] = True
    return settings


def vlan_keys(vlan: Vlan) -> dict[str, Any]:
    """What an entry below `vlans` has besides."""
    return {"id": vlan.id, "link": vlan.link}


def _resolving(nic: Nic) -> dict[str, list[str]]:
    asked = {"search": list(nic.search), "addresses": [str(server) for server in nic.nameservers]}
    return {key: values for key, values in asked.items() if values}
