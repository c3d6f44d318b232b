"""netplan's file, read by a YAML reader: no string of a role leaves its field."""

from __future__ import annotations

import yaml
from hypothesis import given

from lvsboot.install.tree import File
from lvsboot.role.model import Backend, Dhcp, Role
from tests.unit.render.nic_roles import rendered, roles
from tests.unit.render.trees import DIRECTOR, render


@given(roles())
def test_netplan_as_yaml(role: Role) -> None:
    value = yaml.safe_load(rendered(role, Backend.NETPLAN, "/etc/netplan/90-lvs.yaml"))
    [nic] = role.nics
    assert set(value) == {"network"}
    assert set(value["network"]) == {"version", "ethernets"}
    [(name, ethernet)] = value["network"]["ethernets"].items()
    assert name == nic.name
    addresses = [it if isinstance(it, str) else next(iter(it)) for it in ethernet["addresses"]]
    assert addresses == [*map(str, nic.addresses), "203.0.113.1/32", "2001:db8:9::1/128"]
    options = {
        next(iter(it)): it[next(iter(it))]
        for it in ethernet["addresses"][-2:]
        if it != addresses[-2]
    }
    assert options["2001:db8:9::1/128"] == {"lifetime": 0}
    assert options.get("203.0.113.1/32", {}) == (
        {"label": f"{nic.name}:0"} if len(nic.name) <= 13 else {}
    )
    assert ethernet["dhcp4"] is (nic.dhcp in {Dhcp.IPV4, Dhcp.BOTH})
    assert ethernet["dhcp6"] is (nic.dhcp in {Dhcp.IPV6, Dhcp.BOTH})
    assert ethernet.get("match") == (None if nic.mac is None else {"macaddress": nic.mac})
    assert ethernet.get("set-name") == (None if nic.mac is None else nic.name)
    assert ethernet.get("mtu") == nic.mtu
    assert ethernet.get("optional", False) is not nic.required
    routes = {(route["to"], route["via"]) for route in ethernet.get("routes", ())}
    assert routes == routes_of(role)
    assert {route.get("on-link", False) for route in ethernet.get("routes", ())} <= {
        nic.gateway_on_link
    }
    resolving = ethernet.get("nameservers", {})
    assert tuple(resolving.get("search", ())) == nic.search
    assert resolving.get("addresses", []) == [str(it) for it in nic.nameservers]


def routes_of(role: Role) -> set[tuple[str, str]]:
    [nic] = role.nics
    routes = {(str(route.to), str(route.via)) for route in nic.routes}
    gateways = (("0.0.0.0/0", nic.gateway), ("::/0", nic.gateway6))
    return routes | {(to, str(via)) for to, via in gateways if via is not None}


def test_netplans_file_is_for_roots_eyes() -> None:
    [mode] = [
        entry.mode
        for entry in render(DIRECTOR, Backend.NETPLAN)
        if isinstance(entry, File) and entry.path == "/etc/netplan/90-lvs.yaml"
    ]
    assert mode == 0o600
