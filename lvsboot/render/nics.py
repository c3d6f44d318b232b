"""A NIC with its VIPs and VLANs, as the network backends' templates read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs.table import Family
from lvsboot.render.templates import fill_template
from lvsboot.role.derived_sysctls import accepts_advertisements, forwarded_families
from lvsboot.role.formats import Address, Interface
from lvsboot.role.model import Dhcp, Nic, Role, Vip
from lvsboot.role.vlans import Vlan, own_vlans

# IFNAMSIZ is 16, and the label ends with ":0" and a NUL.
_LONGEST_LABELLED = 13


class NicSetup(NamedTuple):
    """A NIC as a backend brings it up; `accept_ra` None leaves that to the backend.

    `vlan` is set where the NIC itself is one; `vlans` are those that have it as their link.
    """

    nic: Nic
    vips: tuple[Vip, ...]
    accept_ra: bool | None
    vlan: Vlan | None
    vlans: tuple[Vlan, ...]

    def addresses(self, version: int) -> tuple[Interface, ...]:
        return tuple(address for address in self.nic.addresses if address.version == version)

    @property
    def stray_gateways(self) -> tuple[Address, ...]:
        """The gateways of a family in which the NIC has no address of its own."""
        return tuple(
            gateway for gateway in self.nic.gateways if not self.addresses(gateway.version)
        )

    @property
    def needs_commands(self) -> bool:
        """Whether ifupdown needs a stanza of method manual: for commands, or to set the link up."""
        nic = self.nic
        undone = nic.nameservers or nic.search or nic.routes or self.stray_gateways or self.vips
        begun = nic.addresses or nic.mtu is not None or nic.dhcp is not Dhcp.NO
        return bool(undone) or not begun

    def label(self, address: Address) -> str | None:
        """The VIP's label; an IPv6 address has none, and a long name leaves no room for one."""
        if address.version == 6 or len(self.nic.name) > _LONGEST_LABELLED:
            return None
        return f"{self.nic.name}:0"


def nic_setups(role: Role, vips: Iterable[Vip]) -> tuple[NicSetup, ...]:
    """The role's NICs, each with its own of `vips`."""
    forwards = Family.IPV6 in forwarded_families(role)
    vips, vlans = tuple(vips), own_vlans(role.nics)
    return tuple(
        NicSetup(
            nic,
            tuple(vip for vip in vips if vip.interface == nic.name),
            accepts_advertisements(nic, forwards=forwards),
            vlans.get(nic.name),
            tuple(vlan for vlan in vlans.values() if vlan.link == nic.name),
        )
        for nic in role.nics
    )


def render_link(nic: Nic) -> File:
    """The .link file by which udev names the NIC with this MAC, whatever configures it then."""
    return File(f"{paths.NETWORKD}/05-lvs-{nic.name}.link", fill_template("link", nic=nic))
