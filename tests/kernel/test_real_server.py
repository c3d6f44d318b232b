"""What status and plan say on a real server, by the addresses and links that the kernel has."""

from __future__ import annotations

import compileall
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lvsboot.errors import Exit
from tests.kernel.segment import DIRECTOR, SERVER, SERVER6, VIP, VIP6, Segment
from tests.kernel.units import RoleHost

VIPS = (VIP, VIP6)
UNITS = [f"lvs-vip@{vip}.service" for vip in VIPS]
ROLE = f'version: 1\nreal_server: {{method: dr, vips: ["{VIPS[0]}", "{VIPS[1]}"]}}\n'
TUNNELLED = (
    "version: 1\nreal_server:\n  method: tun\n  vips: [172.16.14.1]\n"
    "  tunnel: {type: gue, port: 6080}\n"
)
BEHIND = "version: 1\nreal_server: {method: nat, director: 172.16.14.10}\n"
# Where the host of a test differs from the VM, beside what `ip netns exec` sees to.
SEEN = (
    *("etc/systemd/system", "etc/udev/rules.d", "etc/modules-load.d", "etc/modprobe.d"),
    "var/lib/lvs",
)
NOBODY = 65534


@pytest.fixture(scope="module")
def server() -> Iterator[RoleHost]:
    # The checkout would be compiled by every process anew.
    compileall.compile_dir("lvsboot", quiet=1)
    host, segment = RoleHost("realserver"), Segment("rs-wire")
    segment.plug(host, "eth0", f"{SERVER}/16", f"{SERVER6}/64")
    for folder in SEEN:
        (host.root / folder).mkdir(parents=True, exist_ok=True)
    yield host
    host.remove()
    segment.remove()


@pytest.fixture
def real_server(server: RoleHost) -> Iterator[RoleHost]:
    """By ROLE, with its VIPs up."""
    server.become(ROLE)
    for unit in UNITS:
        server.start(unit)
    yield server
    for unit in UNITS:
        server.stop(unit)


def lvsboot(
    host: RoleHost, *arguments: str, text: str = "", user: int = 0
) -> subprocess.CompletedProcess[str]:
    binds = "".join(f"mkdir -p /{it}; mount --bind {host.root}/{it} /{it}; " for it in SEEN)
    # Not a capability is left to who is not root.
    bounding = "--bounding-set=-all" if user else ""
    become = f"setpriv --reuid {user} --clear-groups {bounding}"
    script = f'{binds}exec {become} {sys.executable} -m lvsboot "$@"'
    argv = ["ip", "netns", "exec", host.name, "sh", "-ec", script, "sh", *arguments]
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)


def test_all_is_there(real_server: RoleHost) -> None:
    done = lvsboot(real_server, "status", user=NOBODY)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")
    assert done.stdout.splitlines() == [
        "real server, dr",
        "  172.16.14.1     lo  up",
        "  2001:db8:14::1  lo  up",
        "ARP guard: this host neither answers nor announces ARP for its VIPs",
        "role: /etc/lvs/role.yaml",
    ]
    done = lvsboot(real_server, "status", "--json")
    assert done.returncode == Exit.DONE
    assert json.loads(done.stdout) == {
        "real_server": {
            "method": "dr",
            "vips": [
                {"address": vip, "interface": "lo", "present": True, "elsewhere": []}
                for vip in VIPS
            ],
            "tunnel": None,
            "director": None,
            "arp_guard": {"silent": True, "reason": None},
            "as_the_role_says": True,
        },
        "role": {"source": "file", "refused_credential": None},
    }
    assert lvsboot(real_server, "plan", "-", "--exit-code", text=ROLE).returncode == Exit.DONE


def test_a_vip_that_is_gone(real_server: RoleHost) -> None:
    real_server.run("ip", "address", "delete", f"{VIPS[0]}/32", "dev", "lo")
    done = lvsboot(real_server, "status")
    assert done.returncode == Exit.DIFFERS
    assert "  172.16.14.1     lo  MISSING\n  2001:db8:14::1  lo  up\n" in done.stdout
    planned = lvsboot(real_server, "plan", "-", "--exit-code", text=ROLE)
    assert planned.returncode == Exit.DIFFERS
    assert planned.stdout == ("+ address 172.16.14.1 on lo\n1 to add, 0 to change, 0 to remove\n")


def test_a_vip_that_is_on_a_nic_as_well(real_server: RoleHost) -> None:
    """There the kernel answers for it, whatever arp_ignore says."""
    real_server.run("ip", "address", "add", f"{VIPS[0]}/32", "dev", "eth0")
    try:
        done = lvsboot(real_server, "status")
    finally:
        real_server.run("ip", "address", "delete", f"{VIPS[0]}/32", "dev", "eth0")
    assert done.returncode == Exit.DIFFERS
    assert "172.16.14.1     lo  up, and on eth0, where the host answers ARP for it\n" in done.stdout


@pytest.mark.long
def test_what_a_later_role_takes_down(real_server: RoleHost) -> None:
    fewer = ROLE.replace(f', "{VIPS[1]}"', "").replace(VIPS[0], "172.16.14.2")
    planned = lvsboot(real_server, "plan", "-", text=fewer)
    assert planned.returncode == Exit.DONE
    lines = [line for line in planned.stdout.splitlines() if " address " in line]
    assert lines == [
        "+ address 172.16.14.2 on lo",
        "- address 172.16.14.1 on lo",
        "- address 2001:db8:14::1 on lo",
    ]


def test_what_the_guard_says(real_server: RoleHost) -> None:
    """And status repairs nothing."""
    real_server.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0")
    real_server.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=0")
    done = lvsboot(real_server, "status")
    assert done.returncode == Exit.DIFFERS
    said = "net.ipv4.conf.all.arp_ignore is 0, and decides for eth0 (needs 1, 2 or 8)"
    assert f"ARP guard: {said}\n" in done.stdout
    assert real_server.run("sysctl", "-n", "net.ipv4.conf.all.arp_ignore") == "0\n"


def test_a_file_that_would_open_the_host_is_named(real_server: RoleHost) -> None:
    place = real_server.root / "etc/sysctl.d/99-hostile\x1b[2J.conf"
    place.write_text("net.ipv4.conf.all.arp_announce = 3\n", encoding="utf-8")
    try:
        done = lvsboot(real_server, "status")
    finally:
        place.unlink()
    assert done.returncode == Exit.DIFFERS
    assert "99-hostile\\x1b[2J.conf" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.long
def test_the_tunnel(server: RoleHost) -> None:
    server.become(TUNNELLED)
    server.start("lvs-tunnel.service")
    server.start(UNITS[0])
    try:
        done = lvsboot(server, "status")
        assert (done.returncode, done.stderr) == (Exit.DONE, "")
        assert done.stdout.splitlines()[:3] == [
            "real server, tun",
            "  172.16.14.1  lo  up",
            "tunnel gue, port 6080: tunl0 up",
        ]
        server.run("ip", "link", "set", "tunl0", "down")
        done = lvsboot(server, "status")
        assert done.returncode == Exit.DIFFERS
        assert "tunnel gue, port 6080: tunl0 DOWN\n" in done.stdout
    finally:
        server.stop(UNITS[0])
        server.stop("lvs-tunnel.service")


@pytest.mark.long
def test_behind_a_nat_director(server: RoleHost) -> None:
    server.become(BEHIND)
    server.run("ip", "route", "add", "default", "via", DIRECTOR)
    try:
        done = lvsboot(server, "status")
    finally:
        server.run("ip", "route", "delete", "default")
    assert done.returncode == Exit.DONE
    assert done.stdout.splitlines() == [
        "real server, nat",
        "director 172.16.14.10: the default gateway",
        "role: /etc/lvs/role.yaml",
    ]
