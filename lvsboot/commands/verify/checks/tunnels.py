"""Checks of a tun real server's tunnel: its devices, gue's port, and the MSS."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.live_network import LiveNetwork
from lvsboot.ipvs.table import TunnelType
from lvsboot.role.model import RealServer, Role, TunnelEnd
from lvsboot.role.tunnels import announced_mss, largest_mss, tunnel_devices

DEVICE, PORT, MSS = "tunnel.device", "tunnel.port", "tunnel.mss"
_RESTART = "`systemctl restart lvs-tunnel`"


def check_tunnel(role: Role, live: LiveFacts) -> Iterator[Result]:
    real_server = role.kind
    if not isinstance(real_server, RealServer) or real_server.tunnel is None:
        return
    if isinstance(live.network, Unseen):
        yield unseen(DEVICE, live.network)
        yield unseen(MSS, live.network)
    else:
        names = ", ".join(device.name for device in tunnel_devices(real_server))
        yield from found(DEVICE, _devices(real_server, live.network), f"{names}: up")
        problems = _mss(role, real_server, real_server.tunnel, live.network)
        yield from found(MSS, problems, "tunnelled packets fit into the NICs' MTU")
    if real_server.tunnel.type is TunnelType.GUE:
        yield from _port(real_server.tunnel, live)


def _devices(real_server: RealServer, network: LiveNetwork) -> Iterator[Result]:
    for device in tunnel_devices(real_server):
        link = network.links.get(device.name)
        if link is None:
            seen, fix = f"there is no {device.name}", f"`modprobe {device.module}`; then {_RESTART}"
        elif not link.is_up:
            seen, fix = f"{device.name} is down", _RESTART
        else:
            continue
        yield failure(DEVICE, seen, f"{device.name} up", fix)


def _mss(
    role: Role, real_server: RealServer, end: TunnelEnd, network: LiveNetwork
) -> Iterator[Result]:
    """By the smallest MTU of the NICs, or of all Ethernet links where the role names none."""
    names = {nic.name for nic in role.nics}
    links = [
        link
        for link in network.links.values()
        if link.mtu and (link.name in names if names else link.is_up and link.mac)
    ]
    if not links:
        return
    smallest = min(links, key=lambda link: link.mtu)
    for version in (4, 6):
        vips = [vip for vip in real_server.vips if vip.version == version]
        if not vips:
            continue
        mss = announced_mss(end, vips[0], role.nics)
        room = largest_mss(end, vips[0], smallest.mtu)
        if mss > room:
            seen = (
                f"clients of IPv{version} VIPs are told an MSS of {mss}; {smallest.name} has MTU "
                f"{smallest.mtu}, which leaves {room} in the tunnel"
            )
            fix = (
                f"`ip link set {smallest.name} mtu {smallest.mtu + mss - room}`, or mtu in the role"
            )
            yield failure(MSS, seen, f"an MSS of at most {room}", fix)


def _port(end: TunnelEnd, live: LiveFacts) -> Iterator[Result]:
    if isinstance(live.udp_ports, Unseen):
        yield unseen(PORT, live.udp_ports)
        return
    problems = []
    if end.port not in live.udp_ports:
        expected = f"`ip fou show` lists port {end.port}"
        problems = [failure(PORT, f"nothing receives gue on port {end.port}", expected, _RESTART)]
    yield from found(PORT, problems, f"gue is received on port {end.port}")
