"""The systemd units, the links that enable them, and their drop-ins for a role's VIPs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Link
from lvsboot.ipvs.table import TunnelType
from lvsboot.render.templates import fill_template
from lvsboot.resources import UNITS
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, RealServer, TunnelEnd, Vip
from lvsboot.role.tunnels import outer_families, tunnel_devices

_KEEP = "lvs-vip-keep.path"
# When they stop they remove every address of their links, and at a start add only their own.
_MANAGERS = ("networking.service", "NetworkManager.service")
_NFT = "lvs-nft.service"
_TUNNEL = "lvs-tunnel.service"


def render_units() -> Iterator[Entry]:
    """The units that every host and image has; of these only the provisioner is enabled."""
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.path"))):
        yield _static(unit.name)
    yield wanted("multi-user.target", "lvs-provision.service")


def render_kind(kind: Director | RealServer, device_vips: Iterable[Vip]) -> Iterator[Entry]:
    """Enables lvs.service and the VIPs' units; `device_vips` are a director's that need one."""
    yield wanted("sysinit.target", "lvs.service")
    match kind:
        case Director():
            yield from _director_vips(device_vips)
        case RealServer() as real_server:
            yield from _real_server(real_server)


def render_nft_unit() -> Iterator[Entry]:
    """Enables lvs-nft.service, also after nftables.service, which flushes its table."""
    yield wanted("sysinit.target", _NFT)
    yield wanted("lvs.service", _NFT)
    yield _static("nftables.service.d/lvs.conf")


def vip_unit(address: Address) -> str:
    return f"lvs-vip@{address}.service"


def _director_vips(vips: Iterable[Vip]) -> Iterator[Entry]:
    vips = tuple(vips)
    for vip in vips:
        unit = vip_unit(vip.address)
        for service in ("lvs.service", *(_MANAGERS if vip.interface != "lo" else ())):
            yield wanted(service, unit)
        path = f"{paths.UNITS}/{unit}.d/device.conf"
        yield File(path, fill_template("vip-device.conf", vip=vip))
    if vips:
        yield wanted("lvs.service", _KEEP)


def _real_server(real_server: RealServer) -> Iterator[Entry]:
    vips = real_server.vips
    units = [vip_unit(vip) for vip in vips]
    for unit in units:
        yield wanted("lvs.service", unit)
    tunnels = [_TUNNEL] if real_server.tunnel is not None else []
    text = fill_template("real-server.conf", tunnels=tunnels, vips=units, addresses=vips)
    yield File(paths.REAL_SERVER_DROP_IN, text)
    if vips:
        yield wanted("lvs.service", _KEEP)
        yield _static("lvs-vip-keep.service.d/real-server.conf")
        yield _static("lvs-vip@.service.d/real-server.conf")
        # The guard looks again at each new NIC, and at each new setting in a file.
        yield _static("vips-up", paths.VIPS_UP)
        yield _static("lvs-arp.rules", paths.UDEV_RULES)
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


def _static(name: str, path: str | None = None) -> File:
    return File(path or f"{paths.UNITS}/{name}", (UNITS / name).read_text(encoding="utf-8"))


def wanted(by: str, unit: str) -> Link:
    """The link by which `by` starts `unit`, to the template where that is an instance."""
    template, at, _instance = unit.partition("@")
    target = f"{template}@.service" if at else unit
    return Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{target}")
