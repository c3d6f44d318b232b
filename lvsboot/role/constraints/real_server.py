"""Rules on a real server."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.ipvs.table import Family, ForwardingMethod, TunnelType
from lvsboot.role.constraints.addresses import Surroundings
from lvsboot.role.constraints.findings import NETWORK, key_error, warning
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Dhcp, RealServer, Role, TunnelEnd
from lvsboot.role.tunnels import announced_mss, outer_families

_PATH: Path = ("real_server",)
# RFC 9293, 3.7.1: what a host may assume where nothing is announced.
_MIN_MSS = 536


def real_server_findings(
    real_server: RealServer, role: Role, around: Surroundings
) -> Iterator[Finding]:
    for i, vip in enumerate(real_server.vips):
        path = (*_PATH, "vips", i)
        yield from around.host_trouble(vip, path)
        if vip.is_link_local:
            yield Finding(path, f"{vip} is link-local: it means nothing beyond its link")
    if real_server.director is not None:
        yield from _director(real_server.director, around)
    if real_server.method is ForwardingMethod.NAT:
        yield from _nat(real_server, role)
    else:
        yield from _direct(real_server)
    if real_server.tunnel is not None:
        yield from _tunnel(real_server, real_server.tunnel, role)


def _nat(real_server: RealServer, role: Role) -> Iterator[Finding]:
    if real_server.vips:
        yield key_error((*_PATH, "vips"), "a nat real server holds no VIP", "take vips away")
    if real_server.director is None:
        hint = "nat answers go back through it"
        yield key_error(_PATH, "'director' is missing", hint, depends_on=((*_PATH, "director"),))
    elif role.nics:
        yield from _gateway(real_server.director, role)


def _director(director: Address, around: Surroundings) -> Iterator[Finding]:
    path = (*_PATH, "director")
    yield from around.host_trouble(director, path)
    if director in around.own:
        message = f"{director} is this host's own address"
        yield Finding(
            path, message, "the director is another host", conflicts_with=around.own[director]
        )


def _gateway(director: Address, role: Role) -> Iterator[Finding]:
    if any(nic.dhcp is not Dhcp.NO for nic in role.nics):
        return  # the gateway may arrive by DHCP
    gateways = {nic.gateway for nic in role.nics} | {nic.gateway6 for nic in role.nics}
    if director not in gateways:
        message = f"{director} is no interface's gateway: answers would bypass the director"
        hint = f"gateway{'6' if director.version == 6 else ''}: {director}"
        yield warning((*_PATH, "director"), message, hint, depends_on=(NETWORK,))


def _direct(real_server: RealServer) -> Iterator[Finding]:
    if not real_server.vips:
        hint = f"{real_server.method.value} packets arrive addressed to the VIP"
        yield key_error(_PATH, "'vips' is missing", hint, depends_on=((*_PATH, "vips"),))
    if real_server.director is not None:
        message = "'director' is only for nat"
        hint = f"{real_server.method.value} answers go straight to the client"
        yield key_error((*_PATH, "director"), message, hint)


def _tunnel(real_server: RealServer, tunnel: TunnelEnd, role: Role) -> Iterator[Finding]:
    path: Path = (*_PATH, "tunnel")
    if real_server.method is not ForwardingMethod.TUN:
        yield key_error(path, "'tunnel' is only for method tun")
        return
    if tunnel.type is TunnelType.GUE and tunnel.port is None:
        yield key_error(path, "'port' is missing", "gue arrives at a UDP port")
    if tunnel.type is not TunnelType.GUE and tunnel.port is not None:
        yield key_error((*path, "port"), "'port' is only for gue")
    if tunnel.type is TunnelType.IPIP and tunnel.checksum:
        yield key_error((*path, "checksum"), "ipip has no checksum")
    is_gre = tunnel.type is TunnelType.GRE and tunnel.checksum
    if is_gre and Family.IPV6 in outer_families(real_server):
        message = "the kernel takes no gre with checksums out of IPv6"
        depends_on: tuple[Path, ...] = ((*_PATH, "vips"), (*path, "family"))
        hint = "leave it out here, and on the director"
        yield key_error((*path, "checksum"), message, hint, depends_on=depends_on)
    if tunnel.mss is None:
        yield from _room(real_server, tunnel, role)


def _room(real_server: RealServer, tunnel: TunnelEnd, role: Role) -> Iterator[Finding]:
    mtus = [(nic.mtu, nic.name) for nic in role.nics if nic.mtu is not None]
    one_of_each = {vip.version: vip for vip in real_server.vips}.values()
    segments = [announced_mss(tunnel, vip, role.nics) for vip in one_of_each]
    if mtus and segments and min(segments) < _MIN_MSS:
        mtu, name = min(mtus)
        message = f"{mtu} leaves segments of {min(segments)} bytes in a tunnel"
        hint = f"at least {_MIN_MSS} are needed"
        yield Finding(("network", "interfaces", name, "mtu"), message, hint)
