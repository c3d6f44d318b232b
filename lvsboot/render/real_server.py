"""A real server's drop-ins and links: VIPs, the ARP guard, and the end of its tunnel."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.install.tree import Entry, File
from lvsboot.ipvs.table import TunnelType
from lvsboot.render.templates import fill_template
from lvsboot.render.units import KEEP, static_unit, vip_unit, wanted
from lvsboot.role.model import RealServer, TunnelEnd
from lvsboot.role.tunnels import outer_families, tunnel_devices

_TUNNEL = "lvs-tunnel.service"


def render_real_server_units(real_server: RealServer) -> Iterator[Entry]:
    """Enables the VIPs' units, the ARP guard and the tunnel, and has lvs.service start them."""
    vips = real_server.vips
    units = [vip_unit(vip) for vip in vips]
    for unit in units:
        yield wanted("lvs.service", unit)
    tunnels = [_TUNNEL] if real_server.tunnel is not None else []
    text = fill_template("real-server.conf", tunnels=tunnels, addresses=vips)
    yield File(paths.REAL_SERVER_DROP_IN, text)
    if vips:
        yield static_unit("lvs-vips.target")
        text = fill_template("vips-up.target", vips=units)
        yield File(f"{paths.UNITS}/lvs-vips-up.target", text)
        yield wanted("lvs.service", KEEP)
        yield static_unit("lvs-vip-keep.service.d/real-server.conf")
        yield static_unit("lvs-vip@.service.d/real-server.conf")
        # The guard looks again at each new NIC, and at each new setting in a file.
        yield static_unit("vips-up", paths.VIPS_UP)
        yield static_unit("lvs-arp.rules", paths.UDEV_RULES)
        yield wanted("lvs.service", "lvs-arp.path")
    if real_server.tunnel is not None:
        yield _tunnel(real_server, real_server.tunnel)


def _tunnel(real_server: RealServer, end: TunnelEnd) -> File:
    text = fill_template(
        "tunnel-devices.conf",
        devices=[device.name for device in tunnel_devices(real_server)],
        unfiltered=[device.name for device in tunnel_devices(real_server, {4})],
        families=outer_families(real_server),
        gue_port=end.port if end.type is TunnelType.GUE else None,
        is_gre=end.type is TunnelType.GRE,
        checksum=end.checksum,
    )
    return File(f"{paths.UNITS}/{_TUNNEL}.d/devices.conf", text)
