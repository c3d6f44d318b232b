"""netplan's file for a role's NICs and a director's VIPs on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.ethernets import ethernet, network_config
from lvsboot.render.nics import NicSetup

_HEADER = "# Written by lvsboot from /etc/lvs/role.yaml: change the role, not this file.\n"


def render_netplan(setups: Iterable[NicSetup]) -> Iterator[File]:
    """One file for all NICs: netplan merges every file that it finds."""
    setups = tuple(setups)
    entries = {setup.nic.name: _entry(setup) for setup in setups}
    vlans = {setup.nic.name: setup.vlan for setup in setups if setup.vlan is not None}
    network = network_config(entries, vlans)
    text: str = yaml.safe_dump({"network": network}, sort_keys=False, width=4096)
    # netplan warns of a file that others may read: it may hold keys for Wi-Fi.
    yield File(paths.NETPLAN_FILE, _HEADER + text, mode=0o600)


def _entry(setup: NicSetup) -> dict[str, Any]:
    """Names the renderer for this NIC: a global one would apply to other files' NICs, too."""
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
            # Deprecated from the start, so that it is never chosen as a source address.
            yield {address: {"lifetime": 0}}
        else:
            yield {address: {"label": label}} if label else address
