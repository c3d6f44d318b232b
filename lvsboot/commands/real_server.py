"""Compares a real server with its role: VIPs, tunnel, ARP guard. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from lvsboot import paths
from lvsboot.commands.arp_guard import opening_reason
from lvsboot.host.live_network import (
    LiveNetwork,
    read_default_gateways,
    read_live_network,
)
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.formats import Address
from lvsboot.role.model import RealServer, TunnelEnd
from lvsboot.role.reader import parse_role
from lvsboot.role.tunnels import tunnel_devices
from lvsboot.system.textfiles import encode, read_text

INTERFACE = "lo"


class VipState(NamedTuple):
    """`interfaces` are those that have the address; it belongs on lo alone."""

    address: Address
    interfaces: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return self.interfaces == (INTERFACE,)


class DeviceState(NamedTuple):
    """`is_up` None: there is no such device."""

    name: str
    is_up: bool | None


class TunnelState(NamedTuple):
    end: TunnelEnd
    devices: tuple[DeviceState, ...]


class GatewayState(NamedTuple):
    """The director of a nat real server, whose answers must leave through it."""

    address: Address
    is_default: bool


class RealServerState(NamedTuple):
    """`opening` is why the host would answer or announce ARP for a VIP, None where it does not.

    `guarded`: whether that matters, since there is a VIP.
    """

    method: ForwardingMethod
    vips: tuple[VipState, ...]
    tunnel: TunnelState | None
    guarded: bool
    opening: str | None
    gateway: GatewayState | None

    @property
    def is_right(self) -> bool:
        """Whether nothing differs from the role."""
        devices = self.tunnel.devices if self.tunnel is not None else ()
        return (
            all(vip.is_right for vip in self.vips)
            and all(device.is_up for device in devices)
            and self.opening is None
            and (self.gateway is None or self.gateway.is_default)
        )


def applied_real_server() -> RealServer | None:
    """The real server of the role that is applied to this host; None where there is none.

    Raises InputError for a role that is wrong.
    """
    # The copy is written at the end of an apply.
    for path in (paths.APPLIED_ROLE, paths.ROLE):
        text = read_text(path)
        if text is not None:
            kind = parse_role(encode(text), path).role.kind
            return kind if isinstance(kind, RealServer) else None
    return None


def read_real_server(kind: RealServer) -> RealServerState:
    """Raises HostError where the kernel does not show its links and addresses."""
    gateways = frozenset[Address]() if kind.director is None else read_default_gateways()
    opening = opening_reason() if kind.vips else None
    return real_server_state(kind, read_live_network(), gateways, opening)


def real_server_state(
    kind: RealServer, network: LiveNetwork, gateways: Collection[Address], opening: str | None
) -> RealServerState:
    tunnel = None
    if kind.tunnel is not None:
        names = [device.name for device in tunnel_devices(kind)]
        links = [(name, network.links.get(name)) for name in names]
        states = (DeviceState(name, None if link is None else link.is_up) for name, link in links)
        tunnel = TunnelState(kind.tunnel, tuple(states))
    gateway = None
    if kind.director is not None:
        gateway = GatewayState(kind.director, kind.director in gateways)
    return RealServerState(
        method=kind.method,
        vips=tuple(VipState(vip, network.links_with(vip)) for vip in kind.vips),
        tunnel=tunnel,
        guarded=bool(kind.vips),
        opening=opening,
        gateway=gateway,
    )


class VipChange(NamedTuple):
    """An address that comes up, or goes down."""

    address: Address
    interface: str
    comes: bool


def vip_changes(
    kind: RealServer, former: Iterable[Address], network: LiveNetwork
) -> tuple[VipChange, ...]:
    """What an apply does to the live VIPs; `former` are those whose units go."""
    gone = sorted({*former} - {*kind.vips}, key=lambda address: (address.version, address))
    return (
        *(
            VipChange(vip, INTERFACE, comes=True)
            for vip in kind.vips
            if INTERFACE not in network.links_with(vip)
        ),
        *(
            VipChange(vip, interface, comes=False)
            for vip in gone
            for interface in network.links_with(vip)
        ),
    )
