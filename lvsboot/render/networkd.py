"""systemd-networkd's files for a role's NICs, a director's VIPs among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.nics import NicSetup, render_link
from lvsboot.render.templates import fill_template


def render_networkd(setups: Iterable[NicSetup]) -> Iterator[File]:
    """One .network a NIC, one .link where a MAC gives it its name, one .netdev a VLAN."""
    for setup in setups:
        if setup.vlan is not None:
            path = f"{paths.NETWORKD}/05-lvs-{setup.nic.name}.netdev"
            yield File(path, fill_template("networkd.netdev", vlan=setup.vlan))
        yield File(networkd_path(setup.nic.name), fill_template("networkd.network", setup=setup))
        if setup.nic.mac is not None:
            yield render_link(setup.nic)


def networkd_path(name: str) -> str:
    """The first matching file by name wins; cloud-init's begin with 10-."""
    return f"{paths.NETWORKD}/05-lvs-{name}.network"
