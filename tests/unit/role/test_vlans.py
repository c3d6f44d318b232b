"""VLANs by their names, and that every backend configures the same ones."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lvsboot.install.tree import File
from lvsboot.render.cloudinit import render_seed
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from lvsboot.role.vlans import Vlan, own_vlans, parse_vlan

ROLE = """\
version: 1
network:
  interfaces:
    lan0.100.7: {addresses: [10.7.0.1/24]}
    lan0.100: {addresses: [10.9.0.1/24], required: false}
    lan0: {addresses: [192.0.2.10/24]}
    lan1.5: {addresses: [10.5.0.1/24]}
    lan0.6: {mac: "52:54:00:12:34:56", addresses: [10.6.0.1/24]}
director:
  method: dr
  vips: [{address: 10.9.0.100, interface: lan0.100}]
  services: [{vip: 10.9.0.100, port: 80, real_servers: [{address: 10.9.0.11}]}]
"""
ROLE_VALUE = parse_role(ROLE.encode(), "role.yaml").role


@pytest.mark.parametrize(
    ("name", "vlan"),
    [
        ("eth0.1", Vlan("eth0.1", "eth0", 1)),
        ("eth0.4094", Vlan("eth0.4094", "eth0", 4094)),
        ("eth0.100.7", Vlan("eth0.100.7", "eth0.100", 7)),
        *((name, None) for name in ("eth0", "eth0.0", "eth0.4095", "eth0.007", "eth0.x", "e.1a")),
    ],
)
def test_what_a_name_says(name: str, vlan: Vlan | None) -> None:
    assert parse_vlan(name) == vlan


def test_which_names_are_vlans_of_the_role() -> None:
    """Their link is in the role; an interface with a MAC is a NIC."""
    assert set(own_vlans(ROLE_VALUE.nics)) == {"lan0.100", "lan0.100.7"}


def files(backend: Backend) -> dict[str, str]:
    tree = render_host(ROLE_VALUE, ROLE, backend)
    return {entry.path: entry.text for entry in tree if isinstance(entry, File)}


def test_networkd_gets_a_netdev_for_each_and_a_line_at_its_link() -> None:
    found = files(Backend.NETWORKD)
    folder = "/etc/systemd/network/05-lvs-"
    netdevs = {path for path in found if path.endswith(".netdev")}
    assert netdevs == {f"{folder}lan0.100.netdev", f"{folder}lan0.100.7.netdev"}
    assert found[f"{folder}lan0.100.netdev"].endswith(
        "[NetDev]\nName=lan0.100\nKind=vlan\n\n[VLAN]\nId=100\n"
    )
    lines = {
        name: [line for line in found[f"{folder}{name}.network"].split("\n") if "VLAN=" in line]
        for name in ("lan0", "lan0.100", "lan0.100.7", "lan1.5")
    }
    assert lines == {
        "lan0": ["VLAN=lan0.100"],
        "lan0.100": ["VLAN=lan0.100.7"],
        "lan0.100.7": [],
        "lan1.5": [],
    }


def same_for_both(value: dict[str, Any]) -> None:
    assert set(value["ethernets"]) == {"lan0", "lan1.5", "lan0.6"}
    made = {name: (entry["id"], entry["link"]) for name, entry in value["vlans"].items()}
    assert made == {"lan0.100": (100, "lan0"), "lan0.100.7": (7, "lan0.100")}


def test_netplan_and_cloud_init_have_vlans_of_their_own() -> None:
    value = yaml.safe_load(files(Backend.NETPLAN)["/etc/netplan/90-lvs.yaml"])["network"]
    same_for_both(value)
    assert {"10.9.0.100/32": {"label": "lan0.100:0"}} in value["vlans"]["lan0.100"]["addresses"]
    [seed] = [it.text for it in render_seed(ROLE_VALUE, ROLE) if it.path == "network-config"]
    same_for_both(yaml.safe_load(seed))


def test_ifupdown_makes_them_at_a_boot() -> None:
    """From the name; `auto`, because allow-hotplug would wait for a device event."""
    text = files(Backend.IFUPDOWN)["/etc/network/interfaces.d/lvs"]
    assert "\nauto lan0.100\n" in text
    assert "allow-hotplug" not in text
