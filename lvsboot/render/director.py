"""The drop-ins and links that fit a director's units to its role: rules, sync daemons, VIPs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Link
from lvsboot.ipvs.rules.format import format_daemon_options
from lvsboot.ipvs.table import Daemon
from lvsboot.render.templates import fill_template
from lvsboot.render.units import vip_unit
from lvsboot.role.defaults import FOREIGN_SERVICES, WEIGHTS
from lvsboot.role.model import Director, Owner, Sync, Vip, VipOnStop

_SYNC = "lvs-sync@.service"
_ANNOUNCE = "lvs-announce.service"


def render_director_units(director: Director, vips: Iterable[Vip]) -> Iterator[Entry]:
    """lvs.service's options and what a stop takes along, sync daemons, announcement, and no rival.

    `vips` are those that lvsboot brings up. Masked, not in conflict: a conflict would run the
    rival's stop, which empties the table.
    """
    yield Link(f"{paths.UNITS}/{paths.DEBIAN_IPVSADM}", "/dev/null")
    options = _loading_options(director)
    stopped = [*_removed_vips(director, vips), *_sync_units(director.sync)]
    tuning = bool(director.tuning)
    if options or stopped or tuning:
        text = fill_template("director.conf", options=options, stopped=stopped, tuning=tuning)
        yield File(f"{paths.UNITS}/lvs.service.d/director.conf", text)
    if director.sync is not None:
        yield from _sync(director.sync)
    yield from _announcement(director)


def _loading_options(director: Director) -> str:
    """As the command line knows them; nothing where its own defaults are meant."""
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
    # What goes away is announced anew when it comes back.
    return [*units, *([_ANNOUNCE] if units and _announced(director) else [])]


def _announced(director: Director) -> list[Vip]:
    """Who moves a VIP announces it; one on lo is routed here, and no neighbour asks for it."""
    return [vip for vip in director.vips if vip.owner is Owner.LVSBOOT and vip.interface != "lo"]


def _announcement(director: Director) -> Iterator[Entry]:
    if vips := _announced(director):
        text = fill_template("announce.conf", vips=[vip.address for vip in vips])
        yield File(f"{paths.UNITS}/{_ANNOUNCE}.d/vips.conf", text)
        path = f"{paths.UNITS}/lvs.service.wants/{_ANNOUNCE}"
        yield Link(path, f"{paths.UNITS}/{_ANNOUNCE}")


def _sync_units(sync: Sync | None) -> list[str]:
    modes = () if sync is None else sync.mode.daemons
    return [f"lvs-sync@{mode.value}.service" for mode in modes]


def _sync(sync: Sync) -> Iterator[Entry]:
    """Started with lvs.service, and again when the interface comes back."""
    device = f"sys-subsystem-net-devices-{escape_unit_name(sync.interface)}.device"
    daemon = Daemon(
        sync.interface,
        sync.id,
        sync.max_length or 0,
        sync.group.packed,
        sync.port,
        sync.ttl,
    )
    text = fill_template("sync.conf", device=device, options=format_daemon_options(daemon))
    yield File(f"{paths.UNITS}/{_SYNC}.d/role.conf", text)
    for unit in _sync_units(sync):
        for by in ("lvs.service", device):
            yield Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{_SYNC}")


def escape_unit_name(text: str) -> str:
    """As systemd-escape(1) writes it: by its number what is no letter, digit, `:`, `_` or `.`."""
    return "".join(
        char
        if char.isascii() and (char.isalnum() or char in ":_" or (char == "." and i))
        else f"\\x{ord(char):02x}"
        for i, char in enumerate(text)
    )
