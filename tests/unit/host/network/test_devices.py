"""Virtual interfaces: the file that makes each is found, and a missing one is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import Exit
from tests.images import put
from tests.unit.cli.test_cli import lvsboot
from tests.unit.host.network.test_ownership import SOURCE, WANTS, image

__all__ = ["image"]

ROLE = """\
version: 1
network:
  backend: {backend}
  interfaces:
    {name}: {{addresses: [192.0.2.10/24]}}
real_server: {{method: dr, vips: [192.0.2.1]}}
"""
NETDEV = "etc/systemd/network/{}.netdev"


def said(image: Path, backend: str, name: str) -> str:
    role = put(image.parent, "role.yaml", ROLE.format(backend=backend, name=name))
    done = lvsboot("plan", role, "--root", image)
    assert done.returncode == Exit.DONE, done.stderr
    return done.stderr.decode()


@pytest.mark.parametrize("backend", ["networkd", "netplan", "ifupdown"])
@pytest.mark.parametrize(
    ("name", "file", "more"),
    [
        (
            "lan0.100",
            "Kind=vlan and Id=100",
            "VLAN=lan0.100 into the .network file of lan0, or name",
        ),
        ("a.1.2", "Kind=vlan and Id=2", "VLAN=a.1.2 into the .network file of a.1"),
        ("vlan7", "Kind=vlan and its Id=", "VLAN=vlan7 into its link's .network file"),
        ("bond0", "Kind=bond", "Bond=bond0 into its members' .network files"),
        ("br0", "Kind=bridge", "Bridge=br0 into its members' .network files"),
        ("br-lan", "Kind=bridge", "Bridge=br-lan into its members' .network files"),
        ("dummy0", "Kind=dummy", ""),
    ],
)
def test_a_device_that_nobody_makes(
    image: Path, backend: str, name: str, file: str, more: str
) -> None:
    text = said(image, backend, name)
    assert f"write /etc/systemd/network/{name}.netdev (Name={name}, {file})" in text
    assert more in text
    # ifupdown alone makes VLANs from names, and says so itself.
    assert ("only ifupdown makes" in text) == (backend == "ifupdown" and "." in name)
    put(image, NETDEV.format("50-other"), f"[NetDev]\nName = {name}\nKind=vlan\n")
    assert said(image, backend, name) == ""


@pytest.mark.parametrize("name", ["eth0", "lan0", "enp1s0", "brick", "bonded", "lan0.5000", "l.x"])
def test_an_image_does_not_tell_its_hardware(image: Path, name: str) -> None:
    assert said(image, "networkd", name) == ""


@pytest.mark.parametrize("backend", ["networkd", "netplan", "ifupdown"])
def test_a_vlan_of_the_roles_own(image: Path, backend: str) -> None:
    both = "lan0: {addresses: [198.51.100.10/24]}\n    lan0.100"
    assert said(image, backend, both) == ""


def test_a_mac_is_hardwares(image: Path) -> None:
    name = 'br0: {mac: "52:54:00:12:34:56", addresses: [198.51.100.10/24]}\n    lan1'
    assert said(image, "networkd", name) == ""


INTERFACES = "etc/network/interfaces"
STANZA = "iface lan0 inet manual\n"


@pytest.mark.parametrize(
    ("backend", "path", "text"),
    [
        ("ifupdown", f"{INTERFACES}.d/own", f"{STANZA} pre-up ip link add bond0 type bond\n"),
        ("ifupdown", INTERFACES, f"{SOURCE}{STANZA} up ip link add name bond0 type bond\n"),
        ("networkd", "etc/netplan/own.yaml", "network: {bonds: {bond0: {interfaces: [lan0]}}}\n"),
        ("networkd", "run/systemd/network/1.netdev", "[Match]\n[NetDev]\nKind=bond\nName=bond0\n"),
    ],
)
def test_who_makes_it(image: Path, backend: str, path: str, text: str) -> None:
    assert "nothing makes bond0" in said(image, backend, "bond0")
    put(image, path, text)
    assert "makes bond0" not in said(image, backend, "bond0")


def test_a_netdev_that_nobody_reads(image: Path) -> None:
    put(image, NETDEV.format("bond0"), "[NetDev]\nName=bond0\nKind=bond\n")
    (image / WANTS / "systemd-networkd.service").unlink()
    assert "and systemctl enable systemd-networkd.service" in said(image, "ifupdown", "bond0")
    assert said(image, "networkd", "bond0") == ""


@pytest.mark.parametrize(
    "text", ["", "[NetDev]\nKind=bond\n", "[Match]\nName=bond0\n", "\0\xff[NetDev]\nName=other\n"]
)
def test_a_netdev_for_another(image: Path, text: str) -> None:
    put(image, NETDEV.format("bond0"), text)
    assert "nothing makes bond0" in said(image, "networkd", "bond0")


def test_a_netdev_that_is_masked_or_no_file(image: Path) -> None:
    put(image, "usr/lib/systemd/network/b.netdev", "[NetDev]\nName=bond0\nKind=bond\n")
    assert said(image, "networkd", "bond0") == ""
    folder = image / "etc/systemd/network"
    folder.mkdir(parents=True)
    (folder / "b.netdev").symlink_to("/dev/null")
    (folder / "c.netdev").mkdir()
    assert "nothing makes bond0" in said(image, "networkd", "bond0")


@pytest.mark.parametrize("target", ["/opt/b", "../../../opt/b"])
def test_a_netdev_that_is_a_link_in_the_image(image: Path, target: str) -> None:
    folder = image / "etc/systemd/network"
    folder.mkdir(parents=True)
    (folder / "b.netdev").symlink_to(target)
    assert "nothing makes bond0" in said(image, "networkd", "bond0")
    put(image, "opt/b", "[NetDev]\nName=bond0\nKind=bond\n")
    assert said(image, "networkd", "bond0") == ""


def test_a_netdev_of_the_administrators_own_packages(image: Path) -> None:
    put(image, "usr/local/lib/systemd/network/b.netdev", "[NetDev]\nName=bond0\nKind=bond\n")
    assert said(image, "networkd", "bond0") == ""


def test_a_host_tells_what_it_has(tmp_path: Path) -> None:
    """On the running host every interface is checked, whatever its name."""
    role = put(tmp_path, "role.yaml", ROLE.format(backend="networkd", name="no-such-nic0"))
    done = lvsboot("plan", role)
    text = done.stderr.decode()
    assert "does not exist below /" in text or "there is no interface no-such-nic0" in text
