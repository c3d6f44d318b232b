"""Whole rendered trees, byte for byte, and what no golden tree can show."""

from __future__ import annotations

import pytest

from lvsboot.install.tree import File
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.golden import CASES, LISTING, ROLES, Case, golden_tree, without_modes
from tests.unit.render.trees import DIRECTOR, render, text_of


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_tree(case: Case) -> None:
    assert without_modes(case.render()) == golden_tree(case.name)


def test_every_golden_tree_has_its_case() -> None:
    assert {case.name for case in CASES} == {place.name for place in ROLES.iterdir()}


def test_every_golden_file_is_listed() -> None:
    for case in CASES:
        folder = ROLES / case.name
        kept = {f"/{place.relative_to(folder)}" for place in folder.rglob("*") if place.is_file()}
        assert kept - {f"/{LISTING}"} <= golden_tree(case.name).keys()


SHARED = """\
version: 1
network: {interfaces: {lan0: {addresses: [192.0.2.1/24, "2001:db8::1/64"]}}}
director:
  method: nat
  vips: [{address: 192.0.2.1, interface: lan0}, {address: "2001:db8::1", interface: lan0}]
  services:
    - vip: 192.0.2.1
      port: 80
      real_servers: [{address: 192.0.2.11, weight: 2}, {address: 192.0.2.1, port: 8080}]
    - vip: 192.0.2.1
      port: 81
      real_servers: [{address: 192.0.2.11}, {address: 127.0.0.1, method: dr}]
    - {vip: "2001:db8::1", port: 80, real_servers: [{address: "::1", method: dr}]}
"""


@pytest.mark.parametrize("owner", ["lvsboot", "external"])
@pytest.mark.parametrize(
    "backend", [Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN, Backend.EXTERNAL]
)
def test_a_vip_that_is_a_host_address_is_brought_up_once(backend: Backend, owner: str) -> None:
    text = SHARED.replace("interface: lan0}", f"interface: lan0, owner: {owner}}}")
    role_file = parse_role(text.encode(), "role.yaml")
    assert role_file.warnings == ()
    tree = render_host(role_file.role, text, backend)
    files = [it for it in tree if isinstance(it, File) and it.text != text]
    network = [it.text for it in files if "/network/" in it.path or "/netplan/" in it.path]
    assert len(network) == (backend is not Backend.EXTERNAL)
    assert not any("192.0.2.1/32" in it or "2001:db8::1/128" in it for it in network)
    assert not any("lvs-vip@" in it.path and "wants" in it.path for it in tree)
    announced = [it.text for it in files if it.path.endswith("lvs-announce.service.d/vips.conf")]
    assert len(announced) == (owner == "lvsboot")


def test_a_stop_takes_no_host_address_away() -> None:
    text = f"{SHARED}  vip_on_stop: remove\n"
    names = {entry.path for entry in render(text)}
    assert not any("lvs-vip@" in name and "wants" in name for name in names)
    assert "/etc/systemd/system/lvs.service.d/director.conf" not in names


def test_a_vip_that_no_backend_carries_is_a_unit_on_its_device() -> None:
    names = {entry.path for entry in render(DIRECTOR)}
    wants = "/etc/systemd/system/lvs.service.wants"
    assert f"{wants}/lvs-vip@192.0.2.2.service" in names
    assert f"{wants}/lvs-vip@192.0.2.1.service" not in names
    assert not any("192.0.2.3" in name for name in names)


def test_the_external_backend_writes_no_interface_and_makes_every_vip_a_unit() -> None:
    tree = render(DIRECTOR, Backend.EXTERNAL)
    assert not any(entry.path.startswith("/etc/systemd/network/") for entry in tree)
    path = "/etc/systemd/system/lvs-vip@2001:db8::1.service.d/device.conf"
    assert "Environment=DEVICE=lan0.100\n" in text_of(tree, path)


def test_a_vip_on_another_programs_link_starts_with_that_program() -> None:
    names = {entry.path for entry in render(DIRECTOR, Backend.EXTERNAL)}
    units = "/etc/systemd/system"
    for manager in ("networking", "NetworkManager"):
        assert f"{units}/{manager}.service.wants/lvs-vip@192.0.2.1.service" in names
        assert f"{units}/{manager}.service.wants/lvs-vip@192.0.2.2.service" not in names  # on lo


KEEP = "/etc/systemd/system/lvs.service.wants/lvs-vip-keep.path"


REAL_SERVER = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"


NAT = "version: 1\nreal_server: {method: nat, director: 10.0.0.1}\n"


@pytest.mark.parametrize(
    ("role", "backend", "is_kept"),
    [
        (DIRECTOR, Backend.EXTERNAL, True),
        # One of its VIPs is on lo.
        (DIRECTOR, Backend.NETWORKD, True),
        (DIRECTOR.replace("interface: lo}", "interface: lan0.100}"), Backend.NETWORKD, False),
        (REAL_SERVER, Backend.NETWORKD, True),
        (REAL_SERVER, Backend.EXTERNAL, True),
        (NAT, Backend.EXTERNAL, False),
    ],
)
def test_a_vip_that_networkd_may_take_away_is_put_back(
    role: str, backend: Backend, *, is_kept: bool
) -> None:
    tree = render(role, backend)
    assert (KEEP in {entry.path for entry in tree}) is is_kept
    # Only a real server has a guard.
    guarded = "/etc/systemd/system/lvs-vip-keep.service.d/real-server.conf"
    assert (guarded in {entry.path for entry in tree}) is (role == REAL_SERVER)


@pytest.mark.parametrize("backend", [Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN])
def test_a_backend_that_lvsboot_writes_is_the_nics_only_owner(backend: Backend) -> None:
    text = text_of(render(DIRECTOR, backend), "/etc/cloud/cloud.cfg.d/99-lvs-network.cfg")
    assert text.endswith("network: {config: disabled}\n")
