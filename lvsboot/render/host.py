"""Renders a role as the tree of files and links that its host should have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Tree
from lvsboot.render.director import render_director_units, render_vip_units
from lvsboot.render.ifupdown import render_ifupdown
from lvsboot.render.modules import render_modules
from lvsboot.render.netplan import render_netplan
from lvsboot.render.networkd import render_networkd
from lvsboot.render.nft import render_nft
from lvsboot.render.nics import nic_setups
from lvsboot.render.real_server import render_real_server_units
from lvsboot.render.rules import render_rules
from lvsboot.render.sysctl import render_sysctl
from lvsboot.render.units import render_nft_unit, render_units, wanted
from lvsboot.role.model import Backend, Director, Owner, RealServer, Role, Vip, VipOnStop

# Written also where cloud-init is not installed: if it comes later, it must not configure the NICs.
_CLOUD_INIT_OFF = """\
# Written by lvsboot: the role owns the NICs, and an address has one owner.
network: {config: disabled}
"""


def render_host(role: Role, role_text: str, backend: Backend) -> Tree:
    """Sorted by path; `backend` is the one in force, never AUTO."""
    return tuple(sorted(_entries(role, role_text, backend), key=lambda entry: entry.path))


def _entries(role: Role, role_text: str, backend: Backend) -> Iterator[Entry]:
    yield File(paths.ROLE, role_text)
    # The provisioner compares the role with this one: where they are equal it applies nothing.
    yield File(paths.APPLIED_ROLE, role_text)
    yield render_sysctl(role)
    yield from render_modules(role)
    yield from render_units()
    if nft := tuple(render_nft(role)):
        yield from nft
        yield from render_nft_unit()
    if role.hostname is not None:
        yield File(paths.HOSTNAME, f"{role.hostname}\n")
    yield wanted("sysinit.target", "lvs.service")
    vips: list[Vip] = []
    match role.kind:
        case Director() as director:
            vips = _vips(director, role)
            # Where a stop removes VIPs, those in the backend's file have a unit, too.
            removes = director.vip_on_stop is VipOnStop.REMOVE
            yield render_rules(director)
            yield from render_director_units(director, vips)
            yield from render_vip_units(
                [vip for vip in vips if removes or not _carries(backend, vip)]
            )
        case RealServer() as real_server:
            yield from render_real_server_units(real_server)
    yield from _network(role, backend, [vip for vip in vips if _carries(backend, vip)])


def _vips(director: Director, role: Role) -> list[Vip]:
    """The VIPs to bring up: those of lvsboot's that are no host address, which is always up."""
    hosts = {interface.ip for nic in role.nics for interface in nic.addresses}
    own = (vip for vip in director.vips if vip.owner is Owner.LVSBOOT)
    return [vip for vip in own if vip.address not in hosts]


def _carries(backend: Backend, vip: Vip) -> bool:
    """Whether the network backend's file brings the VIP up; none of them configures lo."""
    return backend is not Backend.EXTERNAL and vip.interface != "lo"


def _network(role: Role, backend: Backend, vips: list[Vip]) -> Iterator[File]:
    setups = nic_setups(role, vips)
    match backend:
        case Backend.NETWORKD:
            yield from render_networkd(setups)
        case Backend.NETPLAN:
            yield from render_netplan(setups)
        case Backend.IFUPDOWN:
            yield from render_ifupdown(setups)
        case Backend.EXTERNAL:
            return
        case Backend.AUTO:
            raise ValueError("the backend in force cannot be auto")
        case _:
            assert_never(backend)
    yield File(paths.CLOUD_INIT_OFF, _CLOUD_INIT_OFF)
