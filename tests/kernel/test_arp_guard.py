"""A VIP comes up on lo only where the kernel, and every file of sysctl.d, keep ARP silent."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.kernel.hosts import run
from tests.kernel.segment import CLIENT, SERVER, VIP, Segment
from tests.kernel.units import RoleHost, UnitError

GUARD = ("python3", "-m", "lvsboot", "arp-guard")
UNIT = f"lvs-vip@{VIP}.service"
ROLE = f"version: 1\nreal_server: {{method: dr, vips: [{VIP}]}}\n"


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[RoleHost, RoleHost, Segment]]:
    server, client, segment = RoleHost("silent"), RoleHost("asker"), Segment("arp")
    segment.plug(server, "eth0", f"{SERVER}/16")
    segment.plug(client, "eth0", f"{CLIENT}/16")
    yield server, client, segment
    for thing in (server, client, segment):
        thing.remove()


@pytest.fixture
def server(hosts: tuple[RoleHost, RoleHost, Segment]) -> Iterator[RoleHost]:
    """With the role's own settings only, and the VIP down."""
    server = hosts[0]
    folder = server.root / "etc/sysctl.d"
    shutil.rmtree(folder)
    folder.mkdir()
    for device in ("all", "default", "lo", "eth0"):
        set_live(server, device, "arp_ignore", 0)
        set_live(server, device, "arp_announce", 0)
    server.become(ROLE)
    yield server
    server.stop(UNIT)


def set_live(host: RoleHost, device: str, key: str, value: int) -> None:
    host.run("sysctl", "-q", "-w", f"net.ipv4.conf.{device}.{key}={value}")


def is_up(host: RoleHost) -> bool:
    return f"inet {VIP}/32" in host.run("ip", "-4", "address", "show", "dev", "lo")


def start(server: RoleHost) -> None:
    """The VIP with what its unit requires: the guard."""
    server.run(*GUARD)
    server.start(UNIT)


def is_answered(host: RoleHost) -> bool:
    """Whether a host on the segment answers ARP for the VIP."""
    argv = ["ip", "netns", "exec", host.name, "arping", "-q", "-c", "2", "-W", "0.1", "-i", "eth0"]
    return subprocess.run([*argv, VIP], check=False).returncode == 0


def test_a_vip_with_its_route_is_up_and_nobody_hears_of_it(
    server: RoleHost, hosts: tuple[RoleHost, RoleHost, Segment]
) -> None:
    client = hosts[1]
    start(server)
    assert is_up(server)
    assert VIP in server.run("ip", "route", "show", "table", "main", "dev", "lo")
    assert not is_answered(client)
    # The control: the same request, with ARP allowed.
    for device in ("all", "eth0"):
        set_live(server, device, "arp_ignore", 0)
    assert is_answered(client)
    # The guard finds that, and sets it right: no file wants it so.
    server.run(*GUARD)
    server.reload(UNIT)
    assert not is_answered(client)
    server.stop(UNIT)
    assert not is_up(server)
    assert server.run("ip", "route", "show", "table", "main", "dev", "lo") == ""


@pytest.mark.parametrize(
    ("key", "value", "device", "needed"),
    [
        ("arp_ignore", 0, "all", "1, 2 or 8"),
        # The kernel takes 3 for "only addresses of the host's scope", 4 to 7 for 0.
        ("arp_ignore", 3, "all", "1, 2 or 8"),
        ("arp_ignore", 4, "eth0", "1, 2 or 8"),
        ("arp_announce", 1, "all", "2"),
        ("arp_announce", 3, "eth0", "2"),
        ("arp_ignore", 12, "eth0", "1, 2 or 8"),
        # A NIC that comes later would take it from here.
        ("arp_ignore", 7, "default", "1, 2 or 8"),
    ],
)
def test_a_file_that_wins_keeps_the_vip_down(
    server: RoleHost, key: str, value: int, device: str, needed: str
) -> None:
    place = server.root / "etc/sysctl.d/99-tuning.conf"
    lines = [f"# what somebody has found\n\nnet.ipv4.conf.{device}.{key} = {value}\n"]
    if device == "all":
        # No glob overrides what is named: of `all`, only the line above counts.
        lines += [f"net/ipv4/conf/*/{key}={value}\n"]
    place.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(UnitError) as refused:
        start(server)
    words = " ".join(str(refused.value).split())
    assert f"/etc/sysctl.d/99-tuning.conf:3 makes net.ipv4.conf.{device}.{key} {value}" in words
    assert f"(needs {needed})" in words
    assert "systemctl restart lvs" in words
    assert not is_up(server)
    place.unlink()
    start(server)
    assert is_up(server)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("10-early.conf", "net.ipv4.conf.all.arp_ignore = 0\n"),
        ("99-more.conf", "net.ipv4.conf.all.arp_ignore = 2\n-net.ipv4.conf.eth0.arp_ignore = 8\n"),
        # The larger of all's and the device's counts.
        ("99-less.conf", "net.ipv4.conf.all.arp_ignore = 0\n"),
        (
            "99-comment.conf",
            "; net.ipv4.conf.*.arp_ignore = 0\n#net.ipv4.conf.all.arp_announce=0\n",
        ),
    ],
)
def test_a_file_that_opens_nothing_is_none_of_our_business(
    server: RoleHost, name: str, text: str
) -> None:
    (server.root / "etc/sysctl.d" / name).write_text(text, encoding="utf-8")
    start(server)
    assert is_up(server)


def test_what_a_hand_has_set_is_set_right(server: RoleHost) -> None:
    for device in ("all", "default", "eth0"):
        # Not 1: a sysctl must be read at one go.
        set_live(server, device, "arp_ignore", 15)
    start(server)
    assert is_up(server)
    assert server.run("sysctl", "-n", "net.ipv4.conf.all.arp_ignore").strip() == "1"


def test_what_nobody_can_set_right_is_named(server: RoleHost) -> None:
    """A NIC whose parameter no file names."""
    ours = server.root / "etc/sysctl.d/90-lvs.conf"
    kept = "".join(line for line in ours.read_text().splitlines(keepends=True) if "*" not in line)
    ours.write_text(kept, encoding="utf-8")
    set_live(server, "eth0", "arp_announce", 3)
    with pytest.raises(UnitError, match=r"net\.ipv4\.conf\.eth0\.arp_announce is 3, and decides"):
        start(server)
    assert not is_up(server)
    set_live(server, "eth0", "arp_announce", 2)


def test_a_nic_that_comes_later_is_silent_from_its_first_frame(
    server: RoleHost, hosts: tuple[RoleHost, RoleHost, Segment]
) -> None:
    client, segment = hosts[1:]
    start(server)
    run("ip", "-n", client.name, "address", "flush", "dev", "eth0")
    segment.plug(server, "eth9", "172.16.14.12/16")
    try:
        server.run(*GUARD)
        assert not is_answered(client)
    finally:
        run("ip", "-n", server.name, "link", "delete", "eth9")
        run("ip", "-n", client.name, "address", "add", f"{CLIENT}/16", "dev", "eth0")


def test_the_programs_that_read_sysctl_d_agree(server: RoleHost) -> None:
    """`sysctl --system` takes the same files in the same order."""
    start(server)
    server.run("sysctl", "--system")
    server.run(*GUARD)
    assert server.run("sysctl", "-n", "net.ipv4.conf.eth0.arp_ignore").strip() == "1"


def test_a_nic_named_like_an_option_is_looked_at(server: RoleHost) -> None:
    server.run("ip", "link", "add", "-e", "type", "dummy", check=False)
    server.run("ip", "link", "add", "name", "-e", "type", "dummy", check=False)
    try:
        place = server.root / "etc/sysctl.d/10-early.conf"
        place.write_text("net.ipv4.conf.-e.arp_ignore = 3\n", encoding="utf-8")
        with pytest.raises(UnitError, match=r"10-early\.conf:1 makes net\.ipv4\.conf\.-e\.arp_i"):
            start(server)
        place.unlink()
        server.run("sh", "-c", "echo 3 >/proc/sys/net/ipv4/conf/-e/arp_ignore")
        start(server)
        assert server.run("cat", "/proc/sys/net/ipv4/conf/-e/arp_ignore").strip() == "1"
    finally:
        server.run("ip", "link", "delete", "dev", "-e", check=False)


def test_a_file_that_the_guard_may_not_read_keeps_the_vip_down(server: RoleHost) -> None:
    """As in its unit, where root has one capability, and another user's file is not root's."""
    place = server.root / "etc/sysctl.d/99-tuning.conf"
    place.write_text("net.ipv4.conf.all.arp_ignore = 1\n", encoding="utf-8")
    shutil.chown(place, 65534)
    place.chmod(0o600)
    with pytest.raises(UnitError, match=r"99-tuning\.conf cannot be read: Permission denied"):
        server.run("setpriv", "--bounding-set=-all,+net_admin", *GUARD)
    server.run(*GUARD)


def test_a_folder_and_a_fifo_keep_the_vip_down(server: RoleHost) -> None:
    place = server.root / "etc/sysctl.d/99-tuning.conf"
    place.mkdir()
    with pytest.raises(UnitError, match=r"99-tuning\.conf is not a regular file"):
        start(server)
    place.rmdir()
    os.mkfifo(place)
    with pytest.raises(UnitError, match=r"99-tuning\.conf is not a regular file"):
        start(server)
    place.unlink()
