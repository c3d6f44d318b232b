"""systemd-networkd's files for a role's NICs, a director's VIPs among them."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.model import Nic, Role, Vip
from lvsboot.render.templates import fill_template
from lvsboot.tree import File

# The first matching file by name wins; cloud-init's begin with 10-.
_PREFIX = f"{paths.NETWORKD}/05-lvs-"


def render_networkd(role: Role, vips: tuple[Vip, ...]) -> Iterator[File]:
    """One .network a NIC, and one .link where a MAC gives it its name."""
    for nic in role.nics:
        carried = [vip for vip in vips if vip.interface == nic.name]
        yield File(f"{_PREFIX}{nic.name}.network", _network_text(nic, carried))
        if nic.mac is not None:
            yield File(f"{_PREFIX}{nic.name}.link", fill_template("networkd.link", nic=nic))


def _network_text(nic: Nic, vips: list[Vip]) -> str:
    return fill_template("networkd.network", nic=nic, vips=vips)
