"""netplan's file for a role's NICs, a director's VIPs among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.ethernets import ethernet, vlan_keys
from lvsboot.render.nics import NicSetup

_HEADER = "# Written by lvsboot from /etc/lvs/role.yaml: change the role, not this file.\n"


def render_netplan(setups: Iterable[NicSetup]) -> Iterator[File]:
    """One file for all: netplan merges every file that it finds, so that more would be no safer."""
    setups = tuple(setups)
    ethernets = {setup.nic.name: _ethernet(setup) for setup in setups if setup.vlan is None}
    vlans = {
        setup.nic.name: {**vlan_keys(setup.vlan), **_ethernet(setup)}
        for setup in setups
        if setup.vlan is not None
    }
    network = {"version": 2, "ethernets": ethernets, **({"vlans": vlans} if vlans else {})}
    text: str = yaml.safe_dump({"network": network}, sort_keys=False, width=4096)
    # netplan warns of a file that others may read: it may hold keys for Wi-Fi.
    yield File(paths.NETPLAN_FILE, _HEADER + text, mode=0o600)


def _ethernet(setup: NicSetup) -> dict[str, Any]:
    """The renderer is said for each NIC: said for all, it would be every other file's, too."""
    settings = {"renderer": "networkd", **ethernet(setup.nic)}
    if setup.accept_ra is not None:
        settings["accept-ra"] = setup.accept_ra
    if setup.vips:
        settings["addresses"] = [*settings.get("addresses", ()), *_vips(setup)]
    return settings


def _vips(setup: NicSetup) -> Iterator[Any]:
    for vip in setup.vips:
        address = f"{vip.address}/{vip.address.max_prefixlen}"
        label = setup.label(vip.address)
        if vip.address.version == 6:
            # Preferred for no time: an address that is never a source.
            yield {address: {"lifetime": 0}}
        else:
            yield {address: {"label": label}} if label else address
