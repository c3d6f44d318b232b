"""Facts of a host that is as its role says, to be changed by a test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_interface, ip_network
from typing import Any

from lvsboot.commands.verify.checks.all import check_all
from lvsboot.commands.verify.checks.sysctls import wanted_sysctls
from lvsboot.commands.verify.checks.units import active_units
from lvsboot.commands.verify.facts import Facts, FileFacts, LiveFacts, TableFacts
from lvsboot.commands.verify.results import Outcome, Result
from lvsboot.host.kernel_modules import ModuleState
from lvsboot.host.live_network import Link, LinkAddress, LiveNetwork
from lvsboot.host.live_routes import LiveRoute
from lvsboot.host.nft_table import NftTable
from lvsboot.host.sysctl_files import SysctlFiles
from lvsboot.host.unit_states import UnitState
from lvsboot.ipvs.table import Daemon, DaemonRole, Table
from lvsboot.render.host import render_host
from lvsboot.render.modules import needed_modules
from lvsboot.render.rules import declared_table
from lvsboot.role.model import Backend, Director, RealServer, Role
from lvsboot.role.reader import parse_role
from lvsboot.role.tunnels import tunnel_devices
from lvsboot.system.sysctl.settings import BootSettings, HandSettings

ACTIVE = UnitState("loaded", "active", "exited", "success")


def healthy(text: str) -> Facts:
    """What a host with this role has when all is right."""
    role = parse_role(text.encode(), "role.yaml").role
    tree = render_host(role, text, Backend.EXTERNAL)
    files = FileFacts(tree, (), (), (), (), None)
    kind = role.kind
    table = None
    if isinstance(kind, Director):
        declared = declared_table(kind)
        actual = Table(declared.services, declared.timeouts, _daemons(kind))
        table = TableFacts(actual, declared, frozenset(declared.services), None, ())
    live = LiveFacts(
        network=_network(role),
        routes=tuple(_routes(role)),
        neighbours=(),
        sysctls=wanted_sysctls(role),
        sysctl_files=SysctlFiles(BootSettings(()), HandSettings(()), HandSettings(()), ()),
        units=dict.fromkeys(active_units(role, tree), ACTIVE),
        modules=dict.fromkeys(needed_modules(role), ModuleState.LOADED),
        has_ipvs=isinstance(kind, Director),
        ipvs_option=None,
        table=table,
        table_size=None,
        nft=NftTable("table", "table"),
        arp_opening=None,
        udp_ports=frozenset({6080}),
        dmi={},
    )
    return Facts(role, files, live, {})


def changed(facts: Facts, **fields: Any) -> Facts:
    """The same host with other facts of its running system."""
    assert facts.live is not None
    return replace(facts, live=replace(facts.live, **fields))


def wrong(facts: Facts) -> dict[str, Result]:
    """The first result of each check that found something."""
    found: dict[str, Result] = {}
    for result in check_all(facts):
        if result.outcome in {Outcome.WARNING, Outcome.FAILURE}:
            found.setdefault(result.id, result)
    return found


def unknown(facts: Facts) -> set[str]:
    return {result.id for result in check_all(facts) if result.outcome is Outcome.UNKNOWN}


def _daemons(director: Director) -> dict[DaemonRole, Daemon]:
    sync = director.sync
    if sync is None:
        return {}
    daemon = Daemon(sync.interface, sync.id, 1472, sync.group.packed, sync.port, sync.ttl)
    return dict.fromkeys(sync.mode.daemons, daemon)


def _link(name: str, mtu: int) -> Link:
    return Link(name, is_up=True, mac=b"\2" * 6, has_neighbours=True, mtu=mtu)


def _network(role: Role) -> LiveNetwork:
    links = {nic.name: _link(nic.name, nic.mtu or 1500) for nic in role.nics}
    addresses = {LinkAddress(nic.name, each) for nic in role.nics for each in nic.addresses}
    hosts = {each.interface.ip for each in addresses}
    match role.kind:
        case Director(vips=vips):
            for vip in vips:
                if vip.address not in hosts:
                    addresses.add(LinkAddress(vip.interface, ip_interface(vip.address)))
        case RealServer(vips=plain) as real_server:
            addresses |= {LinkAddress("lo", ip_interface(vip)) for vip in plain}
            names = [device.name for device in tunnel_devices(real_server)]
            links |= {name: Link(name, is_up=True, mtu=1480) for name in names}
    links["lo"] = Link("lo", is_up=True, mtu=65536)
    return LiveNetwork(links, frozenset(addresses))


def _routes(role: Role) -> Iterable[LiveRoute]:
    for nic in role.nics:
        for address in nic.addresses:
            yield LiveRoute(address.network, None, nic.name)
        for gateway in nic.gateways:
            default = "0.0.0.0/0" if gateway.version == 4 else "::/0"
            yield LiveRoute(ip_network(default), gateway, nic.name)
        for route in nic.routes:
            yield LiveRoute(route.to, route.via, nic.name)
    if isinstance(role.kind, RealServer):
        for vip in role.kind.vips:
            yield LiveRoute(ip_network(vip), None, "lo", 256)
        if role.kind.director is not None:
            yield LiveRoute(ip_network("0.0.0.0/0"), role.kind.director, "eth0")
