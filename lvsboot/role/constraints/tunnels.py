"""Rules on tunnels: those to a director's real servers, and a real server's own end."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.ipvs.table import Family, ForwardingMethod, TunnelType
from lvsboot.role.constraints.findings import NETWORK, key_error
from lvsboot.role.document import Finding, Path
from lvsboot.role.model import RealServer, Role, TunnelEnd
from lvsboot.role.services import Tunnel
from lvsboot.role.tunnels import announced_mss, outer_families

# RFC 9293, 3.7.1: what a host may assume where nothing is announced.
_MIN_MSS = 536


def tunnel_findings(
    tunnel: Tunnel | TunnelEnd,
    method: ForwardingMethod,
    path: Path,
    depends_on: tuple[Path, ...] = (),
) -> Iterator[Finding]:
    """Which keys go together, the same on both sides of a tunnel."""
    if method is not ForwardingMethod.TUN:
        yield key_error(path, "'tunnel' is only for method tun", depends_on=depends_on)
        return
    if tunnel.type is TunnelType.GUE and tunnel.port is None:
        yield key_error(path, "'port' is missing", "gue packets go to a UDP port")
    if tunnel.type is not TunnelType.GUE and tunnel.port is not None:
        yield key_error((*path, "port"), "'port' is only for gue")
    if tunnel.type is TunnelType.IPIP and tunnel.checksum:
        yield key_error((*path, "checksum"), "ipip has no checksum")


def tunnel_end_findings(real_server: RealServer, end: TunnelEnd, role: Role) -> Iterator[Finding]:
    path: Path = ("real_server", "tunnel")
    yield from tunnel_findings(end, real_server.method, path)
    if real_server.method is not ForwardingMethod.TUN:
        return
    has_checksum = end.type is TunnelType.GRE and end.checksum
    if has_checksum and Family.IPV6 in outer_families(real_server):
        message = "the kernel accepts no gre with checksums over IPv6"
        depends_on: tuple[Path, ...] = (("real_server", "vips"), (*path, "family"))
        hint = "leave it out here, and on the director"
        yield key_error((*path, "checksum"), message, hint, depends_on=depends_on)
    if end.mss is None:
        yield from _room(real_server, end, role)


def _room(real_server: RealServer, end: TunnelEnd, role: Role) -> Iterator[Finding]:
    mtus = [(nic.mtu, nic.name) for nic in role.nics if nic.mtu is not None]
    one_of_each = {vip.version: vip for vip in real_server.vips}.values()
    segments = [announced_mss(end, vip, role.nics) for vip in one_of_each]
    if mtus and segments and min(segments) < _MIN_MSS:
        mtu, name = min(mtus)
        message = f"{mtu} leaves segments of {min(segments)} bytes in a tunnel"
        hint = f"at least {_MIN_MSS} are needed"
        yield Finding((*NETWORK, name, "mtu"), message, hint)
