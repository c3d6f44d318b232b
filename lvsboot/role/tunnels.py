"""The kernel's devices for tunnelled packets, and the MSS that a tunnel leaves. Pure."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from lvsboot.ipvs.table import Family, TunnelType
from lvsboot.role.formats import Address
from lvsboot.role.model import Nic, RealServer, TunnelEnd

ETHERNET_MTU = 1500
_IP_HEADER = {Family.IPV4: 20, Family.IPV6: 40}
_TCP_HEADER = 20
# gue: a UDP header and the four bytes of a GUE header without options (ip_vs_gue_encap()).
_TUNNEL_HEADER = {TunnelType.IPIP: 0, TunnelType.GUE: 8 + 4, TunnelType.GRE: 4}
_GRE_CHECKSUM = 4


class Device(NamedTuple):
    """A fallback device: its module makes it, and it receives what no other tunnel matches."""

    name: str
    module: str


_TUNL0 = Device("tunl0", "ipip")
_SIT0 = Device("sit0", "sit")
_IP6TNL0 = Device("ip6tnl0", "ip6_tunnel")
_GRE0 = Device("gre0", "ip_gre")
_IP6GRE0 = Device("ip6gre0", "ip6_gre")


def tunnel_devices(
    real_server: RealServer, versions: Container[int] = (4, 6)
) -> tuple[Device, ...]:
    """The devices through which packets for the VIPs of these IP versions arrive."""
    end = real_server.tunnel
    if end is None:
        return ()
    vips = [vip for vip in real_server.vips if vip.version in versions]
    return tuple(dict.fromkeys(_device(end, vip) for vip in vips))


def outer_families(real_server: RealServer) -> tuple[Family, ...]:
    """The families of the outer packets."""
    end = real_server.tunnel
    if end is None:
        return ()
    return tuple(sorted({_outer_family(end, vip) for vip in real_server.vips}))


def announced_mss(end: TunnelEnd, vip: Address, nics: tuple[Nic, ...]) -> int:
    """The largest TCP segment for the VIP that fits into a tunnelled packet, in bytes.

    Uses the smallest MTU of the NICs: through which one the packets arrive is not known.
    """
    if end.mss is not None:
        return end.mss
    return largest_mss(
        end, vip, min((nic.mtu or ETHERNET_MTU for nic in nics), default=ETHERNET_MTU)
    )


def largest_mss(end: TunnelEnd, vip: Address, mtu: int) -> int:
    """What the tunnel's headers leave of packets of `mtu` bytes for a TCP segment, in bytes."""
    headers = _IP_HEADER[_outer_family(end, vip)] + _TUNNEL_HEADER[end.type]
    if end.type is TunnelType.GRE and end.checksum:
        headers += _GRE_CHECKSUM
    return mtu - headers - _IP_HEADER[family_of(vip)] - _TCP_HEADER


def family_of(address: Address) -> Family:
    return Family.IPV4 if address.version == 4 else Family.IPV6


def _outer_family(end: TunnelEnd, vip: Address) -> Family:
    return family_of(vip) if end.family is None else end.family


def _device(end: TunnelEnd, vip: Address) -> Device:
    """The kernel handles an unwrapped gue packet as ipip of the same outer family."""
    match end.type, _outer_family(end, vip):
        case TunnelType.GRE, Family.IPV4:
            return _GRE0
        case TunnelType.GRE, _:
            return _IP6GRE0
        case _, Family.IPV6:
            return _IP6TNL0
        case _:
            # IPv6 in IPv4 is another protocol with another module.
            return _TUNL0 if vip.version == 4 else _SIT0
