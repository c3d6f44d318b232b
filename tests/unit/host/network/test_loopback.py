"""Other programs that manage lo, where a real server's VIPs are: reported with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import Exit
from tests.images import put
from tests.unit.cli.test_cli import lvsboot
from tests.unit.host.network.test_ownership import image, told

__all__ = ["image"]

REAL_SERVER = "real_server: {method: dr, vips: [192.0.2.1, '2001:db8::1']}\n"
NAT = "real_server: {method: nat, director: 192.0.2.9}\n"
DIRECTOR = """\
director:
  method: dr
  vips: [{{address: 192.0.2.1, interface: {interface}, owner: {owner}}}]
  services: [{{vip: 192.0.2.1, port: 80, real_servers: [{{address: 192.0.2.11}}]}}]
"""
NETWORK = "network: {{backend: {backend}, interfaces: {{eth0: {{addresses: [192.0.2.10/24]}}}}}}\n"
LO = "etc/systemd/network/10-lo.network"
TAKES = "removes the addresses that it does not know: each time lvs-vip-keep.path puts the VIPs"
BACKENDS = ["networkd", "netplan", "ifupdown", "external"]


def role(kind: str, backend: str = "external") -> str:
    return "version: 1\n" + NETWORK.format(backend=backend) + kind


@pytest.mark.parametrize("verb", ["plan", "render"])
def test_plan_and_render_tell_it(image: Path, verb: str) -> None:
    file = put(image.parent, "role.yaml", role(REAL_SERVER))
    put(image, LO, "[Match]\nName=lo\n")
    done = lvsboot(verb, file, "--root", image)
    assert (done.returncode, f"/{LO}:1:1: warning:" in done.stderr.decode()) == (Exit.DONE, True)
    put(image, LO, "[Match]\nName=lo\n[Network]\nAddress=192.0.2.1/32\n")
    done = lvsboot(verb, file, "--root", image)
    assert (done.returncode, f"/{LO}:4:1: error:" in done.stderr.decode()) == (Exit.FAILED, True)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[Match]\nName=lo\n\n[Network]\nAddress=192.0.2.77/32\n", 1),
        ("# routed\n[Match]\nName=l*\n", 2),
        ("[Match]\nName=*\n", 1),
        ("[Network]\nDHCP=no\n[Match]\nType=loopback\n", 3),
    ],
)
def test_networkd_that_manages_lo(image: Path, backend: str, text: str, line: int) -> None:
    put(image, LO, text)
    # It sorts behind lvsboot's file for eth0, and is a second owner of it beside ifupdown.
    said = told(image, role(REAL_SERVER, "external" if "*" in text else backend))
    assert f"/{LO}:{line}:1: warning: systemd-networkd manages lo by this file, and {TAKES}" in said
    assert "exclude lo in its [Match], or say Unmanaged=yes in its [Link]" in said


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (LO, "[Match]\nName=lo\n[Link]\nUnmanaged=yes\n"),
        (LO, "[Match]\nName=e*\n"),
        (LO, "[Match]\nName=*\nType=ether\n"),
        (LO, ""),
        ("etc/systemd/network/10-lan.network.d/lo.conf", "[Match]\nName=lo\n"),
        ("etc/netplan/01.yaml", "network: {ethernets: {eth9: {addresses: [192.0.2.1/32]}}}\n"),
        ("etc/network/interfaces", "iface lo inet loopback\n  dns-nameservers 192.0.2.53\n"),
        ("etc/network/interfaces", "auto lo:0\niface lo:0 inet static\n  address 192.0.2.99/32\n"),
        ("etc/network/interfaces", "iface lo:0 inet static\n  address 192.0.2.1/32\n"),
        ("etc/network/interfaces", "auto eth9\niface eth9 inet static\n  address 192.0.2.1/24\n"),
        ("etc/network/interfaces", "iface lo inet loopback\n  up ping 192.0.2.1\n"),
        ("etc/network/interfaces", "iface lo inet loopback\n  up ip a add 192.0.2.1 dev eth9\n"),
    ],
)
def test_what_leaves_lo_alone(image: Path, path: str, text: str) -> None:
    put(image, path, text)
    assert told(image, role(REAL_SERVER)) == ""


@pytest.mark.parametrize(
    ("kind", "is_told"),
    [
        (REAL_SERVER, True),
        (NAT, False),
        (DIRECTOR.format(interface="lo", owner="lvsboot"), True),
        (DIRECTOR.format(interface="lo", owner="external"), False),
        (DIRECTOR.format(interface="eth0", owner="lvsboot"), False),
    ],
)
def test_whose_vips_are_on_lo(image: Path, kind: str, *, is_told: bool) -> None:
    put(image, LO, "[Match]\nName=lo\n")
    put(image, "etc/network/interfaces", "auto lo:0\niface lo:0 inet static\naddress 192.0.2.1/32")
    said = told(image, role(kind))
    assert ("manages lo" in said, "a VIP has one owner" in said) == (is_told, is_told)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (
            LO,
            "[Match]\nName=lo\n[Network]\nAddress=192.0.2.1/32\n",
            ":4:1: error: systemd-networkd has 192.0.2.1 on lo by this line, too: a VIP has one",
        ),
        (
            f"{LO}.d/vip.conf",
            "[Address]\nLabel=lo:0\nAddress=2001:DB8:0::1/128\n",
            ":3:1: error: systemd-networkd has 2001:db8::1 on lo by this line, too: a VIP has one",
        ),
        (
            "etc/netplan/01-lo.yaml",
            "network:\n  ethernets:\n    lo:\n      addresses:\n        - 192.0.2.1/32\n",
            ":5:11: error: netplan has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/netplan/01-lo.yaml",
            "network: {ethernets: {any: {match: {name: '*'}, addresses: [192.0.2.1/32: {}]}}}\n",
            ":1:61: error: netplan has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "auto lo:0\niface lo:0 inet static\n  address 192.0.2.1\n  netmask 255.255.255.255\n",
            ":3:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "iface lo inet6 static\n  address 2001:0db8::1/128\n",
            ":2:1: error: ifupdown has 2001:db8::1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "iface lo inet loopback\n  up ip addr add 192.0.2.1/32 dev lo\n",
            ":2:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "iface lo inet loopback\n  post-down ip -4 a del 192.0.2.1/32 dev $IFACE || true\n",
            ":2:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "auto eth9\niface eth9 inet dhcp\n  post-up ifconfig lo:1 192.0.2.1 up\n",
            ":3:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "auto lo:0=vip\niface vip inet static\n  address 192.0.2.1/32\n",
            ":3:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
        (
            "etc/network/interfaces.d/vip",
            "iface vip inet static\n  address 192.0.2.1/32\n"
            "iface more inet static inherits vip\nauto lo:0\niface lo:0 inherits more\n",
            ":2:1: error: ifupdown has 192.0.2.1 on lo by this line, too: a VIP has one owner",
        ),
    ],
)
def test_a_vip_that_another_program_brings_up(
    image: Path, backend: str, path: str, text: str, said: str
) -> None:
    if "match" in text:
        backend = "external"  # for eth0 it is a claim as well
    put(image, "etc/network/interfaces", "source /etc/network/interfaces.d/*\n")
    if path.endswith(".conf"):
        put(image, LO, "[Match]\nName=lo\n")
    put(image, path, text)
    assert f"/{path}{said}" in told(image, role(REAL_SERVER, backend))


def test_netplan_that_manages_lo(image: Path) -> None:
    put(image, "etc/netplan/01-lo.yaml", "network:\n  ethernets:\n    lo: {optional: true}\n")
    said = told(image, role(REAL_SERVER))
    assert "/etc/netplan/01-lo.yaml:3:5: warning: netplan has systemd-networkd manage lo" in said
    assert "    lo: {optional: true}\n   |     ^^ remove lo from this file" in said
    # Where netplan is not installed nobody reads it.
    (image / "usr/sbin/netplan").unlink()
    assert told(image, role(REAL_SERVER)) == ""


KEYFILE = "[connection]\nid=lo\ntype=loopback\ninterface-name=lo\n\n[ipv4]\nmethod=manual\n"


def install_network_manager(image: Path) -> None:
    put(image, "usr/sbin/NetworkManager")
    put(image, "etc/systemd/system/multi-user.target.wants/NetworkManager.service")


@pytest.mark.parametrize("folder", ["etc", "run", "usr/lib"])
@pytest.mark.parametrize("backend", ["netplan", "ifupdown", "external"])
def test_network_manager_that_manages_lo(image: Path, folder: str, backend: str) -> None:
    """A profile of lo removes the VIPs, and may have one itself."""
    path = f"{folder}/NetworkManager/system-connections/lo.nmconnection"
    put(image, path, KEYFILE + "address1=192.0.2.1/32,192.0.2.254\n[ipv6]\n"
        "addresses=2001:db8::9/128;2001:DB8::1/128;\n")  # fmt: skip
    # Where no boot starts it, and where only its link is left, nobody reads them.
    assert told(image, role(REAL_SERVER, backend)) == ""
    put(image, "etc/systemd/system/multi-user.target.wants/NetworkManager.service")
    assert told(image, role(REAL_SERVER, backend)) == ""
    install_network_manager(image)
    said = told(image, role(REAL_SERVER, backend))
    assert f"/{path}:4:1: warning: NetworkManager manages lo by this profile, and removes" in said
    assert "   | interface-name=lo\n" in said
    for line, vip in ((8, "192.0.2.1"), (10, "2001:db8::1")):
        assert f"/{path}:{line}:1: error: NetworkManager has {vip} on lo by this line, too" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lo.nmconnection", KEYFILE + "[connection]\nautoconnect=false\n"),
        ("lo.nmconnection", KEYFILE.replace("=lo\n\n", "=eth0\n\n")),
        ("lo.nmconnection", "[connection]\ntype=ethernet\n[ipv4]\naddress1=192.0.2.1/32\n"),
        ("lo.nmconnection~", KEYFILE),
    ],
)
def test_profiles_that_leave_lo_alone(image: Path, name: str, text: str) -> None:
    install_network_manager(image)
    put(image, f"etc/NetworkManager/system-connections/{name}", text)
    assert told(image, role(REAL_SERVER)) == ""


def test_a_profile_without_a_name_is_los_by_its_type(image: Path) -> None:
    install_network_manager(image)
    text = KEYFILE.replace("interface-name=lo\n", "")
    put(image, "etc/NetworkManager/system-connections/x.nmconnection", text)
    assert "/x.nmconnection:3:1: warning: NetworkManager manages lo" in told(
        image, role(REAL_SERVER)
    )


def test_the_first_file_for_lo_counts(image: Path) -> None:
    put(image, LO, "[Match]\nName=lo\n")
    put(image, "run/systemd/network/05-lo.network", "[Match]\nName=lo\n[Link]\nUnmanaged=yes\n")
    assert told(image, role(REAL_SERVER)) == ""


def test_a_network_daemon_that_no_boot_starts(image: Path) -> None:
    put(image, LO, "[Match]\nName=lo\n[Network]\nAddress=192.0.2.1/32\n")
    (image / "etc/systemd/system/multi-user.target.wants/systemd-networkd.service").unlink()
    (image / "usr/sbin/netplan").unlink()
    assert told(image, role(REAL_SERVER)) == ""
