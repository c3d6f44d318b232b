"""The systemd units, what enables them, and the drop-ins that fit them to a role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.formats import Address
from lvsboot.model import Director, RealServer, Vip
from lvsboot.render.templates import fill_template
from lvsboot.resources import UNITS
from lvsboot.tree import Entry, File, Link

_VIP = "lvs-vip@.service"


def render_units() -> Iterator[Entry]:
    """The units that every host has, and the provisioner enabled: enough for an image."""
    for unit in sorted(UNITS.glob("*.service")):
        yield _static(unit.name)
    yield _wanted("multi-user.target", "lvs-provision.service")


def render_duty(duty: Director | RealServer, device_vips: Iterable[Vip]) -> Iterator[Entry]:
    """lvs.service enabled and fitted; `device_vips` are those that no network backend carries."""
    yield _wanted("sysinit.target", "lvs.service")
    match duty:
        case Director():
            yield from _director_vips(device_vips)
        case RealServer(vips=vips):
            yield from _real_server(vips)


def vip_unit(address: Address) -> str:
    return f"lvs-vip@{address}.service"


def _director_vips(vips: Iterable[Vip]) -> Iterator[Entry]:
    for vip in vips:
        yield _vip_wanted(vip.address)
        path = f"{paths.UNITS}/{vip_unit(vip.address)}.d/device.conf"
        yield File(path, fill_template("vip-device.conf", vip=vip))


def _real_server(vips: tuple[Address, ...]) -> Iterator[Entry]:
    for vip in vips:
        yield _vip_wanted(vip)
    units = [vip_unit(vip) for vip in vips]
    path = f"{paths.UNITS}/lvs.service.d/real-server.conf"
    yield File(path, fill_template("real-server.conf", units=units))
    if vips:
        yield _static(f"{_VIP}.d/real-server.conf")


def _static(name: str) -> File:
    return File(f"{paths.UNITS}/{name}", (UNITS / name).read_text(encoding="utf-8"))


def _wanted(by: str, unit: str) -> Link:
    return Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{unit}")


def _vip_wanted(address: Address) -> Link:
    return Link(f"{paths.UNITS}/lvs.service.wants/{vip_unit(address)}", f"{paths.UNITS}/{_VIP}")
