"""What the network backends share: each NIC with the VIPs that it carries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs.table import Family
from lvsboot.render.templates import fill_template
from lvsboot.role.derived_sysctls import accepts_advertisements, forwarded_families
from lvsboot.role.formats import Address
from lvsboot.role.model import Dhcp, Nic, Role, Vip
from lvsboot.role.vlans import Vlan, own_vlans

# IFNAMSIZ is 16, and the label ends with ":0" and a NUL.
_LONGEST_LABELLED = 13


@dataclass(frozen=True, slots=True)
class NicSetup:
    """A NIC as a backend has to bring it up; `accept_ra` None leaves that to the backend.

    `vlan` is what it is itself, `vlans` are those on it.
    """

    nic: Nic
    vips: tuple[Vip, ...]
    accept_ra: bool | None
    vlan: Vlan | None
    vlans: tuple[Vlan, ...]

    @property
    def dhcp4(self) -> bool:
        return self.nic.dhcp in {Dhcp.IPV4, Dhcp.BOTH}

    @property
    def dhcp6(self) -> bool:
        return self.nic.dhcp in {Dhcp.IPV6, Dhcp.BOTH}

    @property
    def ipv4(self) -> tuple[IPv4Interface, ...]:
        return tuple(it for it in self.nic.addresses if isinstance(it, IPv4Interface))

    @property
    def ipv6(self) -> tuple[IPv6Interface, ...]:
        return tuple(it for it in self.nic.addresses if isinstance(it, IPv6Interface))

    @property
    def gateways(self) -> tuple[Address, ...]:
        pair = (self.nic.gateway, self.nic.gateway6)
        return tuple(gateway for gateway in pair if gateway is not None)

    @property
    def stray_gateways(self) -> tuple[Address, ...]:
        """The gateways of a family in which the NIC has no address of its own."""
        pairs = ((self.nic.gateway, self.ipv4), (self.nic.gateway6, self.ipv6))
        return tuple(gateway for gateway, own in pairs if gateway is not None and not own)

    @property
    def needs_commands(self) -> bool:
        """Whether ifupdown's methods alone would leave something undone, be it the link itself."""
        nic = self.nic
        undone = nic.nameservers or nic.search or nic.routes or self.stray_gateways or self.vips
        begun = nic.addresses or nic.mtu is not None or self.dhcp4 or self.dhcp6
        return bool(undone) or not begun

    def label(self, address: Address) -> str | None:
        """The VIP's label; IPv6 has none, and a long name has no room for one."""
        if address.version == 6 or len(self.nic.name) > _LONGEST_LABELLED:
            return None
        return f"{self.nic.name}:0"


def nic_setups(role: Role, vips: Iterable[Vip]) -> tuple[NicSetup, ...]:
    """The role's NICs, each with those of `vips` that are on it."""
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
    """The rule by which udev gives the NIC with this MAC its name, whatever configures it then."""
    return File(f"{paths.NETWORKD}/05-lvs-{nic.name}.link", fill_template("link", nic=nic))
