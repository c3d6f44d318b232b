"""The systemd units, what enables them, and the drop-ins that fit them to a role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Link
from lvsboot.ipvs.table import TunnelType
from lvsboot.render.templates import fill_template
from lvsboot.resources import UNITS
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, RealServer, TunnelEnd, Vip
from lvsboot.role.tunnels import ipv4_tunnel_devices, outer_families, tunnel_devices

_VIP = "lvs-vip@.service"
_KEEP = "lvs-vip-keep.path"
# Stopped, they take every address of their links away; started, they bring only their own back.
_MANAGERS = ("networking.service", "NetworkManager.service")
_ARP = "lvs-arp.path"
_NFT = "lvs-nft.service"
_TUNNEL = "lvs-tunnel.service"


def render_units() -> Iterator[Entry]:
    """The units that every host has, and the provisioner enabled: enough for an image."""
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.path"))):
        yield _static(unit.name)
    yield _wanted("multi-user.target", "lvs-provision.service")


def render_kind(kind: Director | RealServer, device_vips: Iterable[Vip]) -> Iterator[Entry]:
    """lvs.service enabled and fitted; `device_vips` are those that no network backend carries."""
    yield _wanted("sysinit.target", "lvs.service")
    match kind:
        case Director():
            yield from _director_vips(device_vips)
        case RealServer() as real_server:
            yield from _real_server(real_server)


def render_nft_unit() -> Iterator[Entry]:
    """lvs-nft.service enabled, and called back by whatever flushes its table."""
    yield _wanted("sysinit.target", _NFT)
    yield _wanted("lvs.service", _NFT)
    yield _static("nftables.service.d/lvs.conf")


def vip_unit(address: Address) -> str:
    return f"lvs-vip@{address}.service"


def _director_vips(vips: Iterable[Vip]) -> Iterator[Entry]:
    vips = tuple(vips)
    for vip in vips:
        unit = vip_unit(vip.address)
        for service in ("lvs.service", *(_MANAGERS if vip.interface != "lo" else ())):
            yield _instance_wanted(service, unit)
        path = f"{paths.UNITS}/{unit}.d/device.conf"
        yield File(path, fill_template("vip-device.conf", vip=vip))
    if vips:
        yield _wanted("lvs.service", _KEEP)


def _real_server(real_server: RealServer) -> Iterator[Entry]:
    vips = real_server.vips
    for vip in vips:
        yield _instance_wanted("lvs.service", vip_unit(vip))
    units = [vip_unit(vip) for vip in vips]
    tunnels = [_TUNNEL] if real_server.tunnel is not None else []
    text = fill_template("real-server.conf", tunnels=tunnels, vips=units, addresses=vips)
    yield File(paths.REAL_SERVER_DROP_IN, text)
    if vips:
        yield _wanted("lvs.service", _KEEP)
        yield _static("lvs-vip-keep.service.d/real-server.conf")
        yield _static(f"{_VIP}.d/real-server.conf")
        yield from _arp_watch()
    if real_server.tunnel is not None:
        yield _tunnel(real_server, real_server.tunnel)


def _arp_watch() -> Iterator[Entry]:
    """What has the guard look again: each new NIC, each new setting in a file."""
    yield File(paths.VIPS_UP, (UNITS / "vips-up").read_text(encoding="utf-8"))
    yield File(paths.UDEV_RULES, (UNITS / "lvs-arp.rules").read_text(encoding="utf-8"))
    yield _wanted("lvs.service", _ARP)


def _tunnel(real_server: RealServer, end: TunnelEnd) -> File:
    text = fill_template(
        "tunnel-devices.conf",
        devices=[device.name for device in tunnel_devices(real_server)],
        unfiltered=[device.name for device in ipv4_tunnel_devices(real_server)],
        families=outer_families(real_server),
        gue_port=end.port if end.type is TunnelType.GUE else None,
        is_gre=end.type is TunnelType.GRE,
        checksum=end.checksum,
    )
    return File(f"{paths.UNITS}/{_TUNNEL}.d/devices.conf", text)


def _static(name: str) -> File:
    return File(f"{paths.UNITS}/{name}", (UNITS / name).read_text(encoding="utf-8"))


def _wanted(by: str, unit: str) -> Link:
    return Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{unit}")


def _instance_wanted(by: str, unit: str) -> Link:
    return Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{_VIP}")
