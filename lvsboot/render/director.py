"""A director's drop-ins and links: options of its rules, sync daemons, announcement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Link
from lvsboot.ipvs.rules.format import format_daemon_options
from lvsboot.ipvs.table import Daemon
from lvsboot.render.templates import fill_template
from lvsboot.render.units import KEEP, vip_unit, wanted
from lvsboot.role.defaults import FOREIGN_SERVICES, WEIGHTS
from lvsboot.role.model import Director, Owner, Sync, Vip, VipOnStop

_ANNOUNCE = "lvs-announce.service"
# When they stop they remove every address of their links, and at a start add only their own.
_MANAGERS = ("networking.service", "NetworkManager.service")


def render_director_units(director: Director, vips: Iterable[Vip]) -> Iterator[Entry]:
    """lvs.service's options and what its stop takes down, sync daemons, and announcement.

    `vips` are those that lvsboot brings up. Debian's ipvsadm.service is masked, not in Conflicts=:
    that would run its stop, which empties the table.
    """
    yield Link(f"{paths.UNITS}/{paths.DEBIAN_IPVSADM}", "/dev/null")
    options = _loading_options(director)
    modes = () if director.sync is None else director.sync.mode.daemons
    daemons = [f"lvs-sync@{mode.value}.service" for mode in modes]
    stopped = [*_removed_vips(director, vips), *daemons]
    tuning = bool(director.tuning)
    if options or stopped or tuning:
        text = fill_template("director.conf", options=options, stopped=stopped, tuning=tuning)
        yield File(f"{paths.UNITS}/lvs.service.d/director.conf", text)
    if director.sync is not None:
        yield from _sync(director.sync, daemons)
    if vips := _announced(director):
        text = fill_template("announce.conf", vips=[vip.address for vip in vips])
        yield File(f"{paths.UNITS}/{_ANNOUNCE}.d/vips.conf", text)
        yield wanted("lvs.service", _ANNOUNCE)


def render_vip_units(vips: Sequence[Vip]) -> Iterator[Entry]:
    """The units of those VIPs that lvs-vip@.service brings up or stops."""
    for vip in vips:
        unit = vip_unit(vip.address)
        for service in ("lvs.service", *(_MANAGERS if vip.interface != "lo" else ())):
            yield wanted(service, unit)
        path = f"{paths.UNITS}/{unit}.d/device.conf"
        yield File(path, fill_template("vip-device.conf", vip=vip))
    if vips:
        yield wanted("lvs.service", KEEP)


def _loading_options(director: Director) -> str:
    """The policies as options of `lvsboot start`; those that are its defaults are left out."""
    words = []
    if director.foreign_services is not FOREIGN_SERVICES:
        words.append(f"--foreign {director.foreign_services.value}")
    if director.weights is not WEIGHTS:
        words.append(f"--weights {director.weights.value}")
    return " ".join(words)


def _removed_vips(director: Director, vips: Iterable[Vip]) -> list[str]:
    if director.vip_on_stop is VipOnStop.KEEP:
        return []
    units = [vip_unit(vip.address) for vip in vips]
    # Stopped with them, so that a start announces them anew.
    return [*units, *([_ANNOUNCE] if units and _announced(director) else [])]


def _announced(director: Director) -> list[Vip]:
    """The VIPs that neighbours ask for; an external one is announced by whatever moves it."""
    return [vip for vip in director.vips if vip.owner is Owner.LVSBOOT and vip.interface != "lo"]


def _sync(sync: Sync, units: Iterable[str]) -> Iterator[Entry]:
    """The daemons start with lvs.service, and again when the interface comes back."""
    device = f"sys-subsystem-net-devices-{escape_unit_name(sync.interface)}.device"
    length, group = sync.max_length or 0, sync.group.packed
    daemon = Daemon(sync.interface, sync.id, length, group, sync.port, sync.ttl)
    text = fill_template("sync.conf", device=device, options=format_daemon_options(daemon))
    yield File(f"{paths.UNITS}/lvs-sync@.service.d/role.conf", text)
    for unit in units:
        yield from (wanted("lvs.service", unit), wanted(device, unit))


def escape_unit_name(text: str) -> str:
    """As systemd-escape(1): letters, digits, `:`, `_` and `.` stay, all else becomes a number."""
    return "".join(
        char
        if char.isascii() and (char.isalnum() or char in ":_" or (char == "." and i))
        else f"\\x{ord(char):02x}"
        for i, char in enumerate(text)
    )
