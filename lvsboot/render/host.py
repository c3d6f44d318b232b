"""A role to every file and link that its host should have: the whole of what lvsboot writes."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.model import Backend, Director, Owner, Role, Vip
from lvsboot.render.networkd import render_networkd
from lvsboot.render.rules import render_modules, render_rules
from lvsboot.render.sysctl import render_sysctl
from lvsboot.render.units import render_duty, render_units
from lvsboot.tree import Entry, File, Tree


def render_host(role: Role, role_text: str, backend: Backend) -> Tree:
    """Sorted by path; `backend` is the one in force, never AUTO."""
    return tuple(sorted(_entries(role, role_text, backend), key=lambda entry: entry.path))


def _entries(role: Role, role_text: str, backend: Backend) -> Iterator[Entry]:
    yield File(paths.ROLE, role_text)
    # What the provisioner compares with: equal means that there is nothing to do at this boot.
    yield File(paths.APPLIED_ROLE, role_text)
    yield render_sysctl(role)
    yield from render_units()
    if role.hostname is not None:
        yield File(paths.HOSTNAME, f"{role.hostname}\n")
    vips: tuple[Vip, ...] = ()
    if isinstance(role.duty, Director):
        yield render_rules(role.duty)
        yield from render_modules(role.duty)
        vips = tuple(vip for vip in role.duty.vips if vip.owner is Owner.LVSBOOT)
    carried = tuple(vip for vip in vips if _carries(backend, vip))
    if backend is Backend.NETWORKD:
        yield from render_networkd(role, carried)
    yield from render_duty(role.duty, [vip for vip in vips if vip not in carried])


def _carries(backend: Backend, vip: Vip) -> bool:
    """Whether the network backend's own file brings the VIP up: lo is in none of them."""
    return backend is Backend.NETWORKD and vip.interface != "lo"
