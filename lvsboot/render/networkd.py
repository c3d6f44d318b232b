"""systemd-networkd's files for a role's NICs and a director's VIPs on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.nics import NicSetup, render_link
from lvsboot.render.templates import fill_template


def render_networkd(setups: Iterable[NicSetup]) -> Iterator[File]:
    """A .network for each NIC, a .link for each named by its MAC, a .netdev for each VLAN."""
    for setup in setups:
        if setup.vlan is not None:
            path = f"{paths.NETWORKD}/05-lvs-{setup.nic.name}.netdev"
            yield File(path, fill_template("networkd.netdev", vlan=setup.vlan))
        yield File(networkd_path(setup.nic.name), fill_template("networkd.network", setup=setup))
        if setup.nic.mac is not None:
            yield render_link(setup.nic)


def networkd_path(name: str) -> str:
    """05- comes before cloud-init's 10-: networkd uses the first file that matches."""
    return f"{paths.NETWORKD}/05-lvs-{name}.network"
