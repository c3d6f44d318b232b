"""What in sysctl.d lets a real server answer ARP for its VIPs, and what could."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsboot.commands.arp_guard import files_reason
from lvsboot.host.sysctl_files import read_sysctl_files
from lvsboot.render.sysctl import render_sysctl
from lvsboot.role.reader import parse_role
from lvsboot.system.sysctl.arp import live_opening

OURS = render_sysctl(
    parse_role(b"version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n", "role.yaml").role
).text
DEVICES = ["all", "default", "lo", "eth0", "-e", "x.y"]
LET_LOOSE = "net.ipv4.conf.all.arp_ignore = 0\nnet.ipv4.conf.*.arp_ignore = 0\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("etc", "run", "usr/lib"):
        (tmp_path / folder / "sysctl.d").mkdir(parents=True)
    (tmp_path / "etc/sysctl.d/90-lvs.conf").write_text(OURS, encoding="utf-8")
    return tmp_path


def reason(root: Path, devices: list[str] = DEVICES) -> str | None:
    return files_reason(read_sysctl_files(root), devices)


def write(root: Path, text: str | bytes, path: str = "etc/sysctl.d/99-x.conf") -> None:
    content = text if isinstance(text, bytes) else text.encode()
    (root / path).write_bytes(content)


def test_what_only_some_releases_read_silences_nothing(root: Path) -> None:
    write(root, "net.ipv4.conf.eth0.arp_ignore = 3\n", "etc/sysctl.d/.hidden.conf")
    write(root, "net.ipv4.conf.eth0.arp_ignore = 1\n", "etc/sysctl.conf")
    assert "/.hidden.conf:1 makes" in str(reason(root))


def test_the_roles_own_file_alone_keeps_silent(root: Path) -> None:
    assert reason(root) is None


def test_without_it_nothing_does(root: Path) -> None:
    (root / "etc/sysctl.d/90-lvs.conf").unlink()
    assert "no file of sysctl.d sets net.ipv4.conf.all.arp_ignore" in str(reason(root))


@pytest.mark.parametrize(
    ("path", "text", "named"),
    [
        ("etc/sysctl.d/99-x.conf", LET_LOOSE, "99-x.conf:1 makes net.ipv4.conf.all.arp_ignore 0"),
        ("etc/sysctl.d/99 a b.conf", LET_LOOSE, "99 a b.conf:1 makes"),
        ("run/sysctl.d/99-x.conf", LET_LOOSE, "/run/sysctl.d/99-x.conf:1 makes"),
        ("usr/lib/sysctl.d/99-x.conf", LET_LOOSE, "/usr/lib/sysctl.d/99-x.conf:1 makes"),
        # Only a hand reads it.
        ("etc/sysctl.conf", LET_LOOSE, "/etc/sysctl.conf:1 makes"),
        ("etc/sysctl.d/.hidden.conf", "net.ipv4.conf.eth0.arp_ignore=3\n", ".hidden.conf:1"),
        # A glob overrides no explicit line, however early that stands.
        ("etc/sysctl.d/10-x.conf", "net.ipv4.conf.eth0.arp_ignore = 3\n", "10-x.conf:1 makes"),
        ("etc/sysctl.d/10-x.conf", "net/ipv4/conf/-e/arp_ignore=3\n", "conf.-e.arp_ignore 3"),
        ("etc/sysctl.d/10-x.conf", "-net.ipv4.conf.x/y.arp_ignore=4\n", "conf.x/y.arp_ignore 4"),
        ("etc/sysctl.d/10-x.conf", "net.ipv4.conf.default.arp_ignore=3\n", "decides for default"),
        ("etc/sysctl.d/99-x.conf", "net.ipv4.conf.eth0.arp_i* = 3\n", "conf.eth0.arp_ignore 3"),
        ("etc/sysctl.d/99-x.conf", "net.ipv4.conf.all.arp_ignore=0\nnet.ipv4.conf.eth0.arp_i*=0\n",
         "99-x.conf:1 makes net.ipv4.conf.all.arp_ignore 0, which wins, and decides for eth0"),
        ("etc/sysctl.d/99-x.conf", "net.ipv4.conf.[de]*.arp_announc? = 3\n", "arp_announce 3"),
        ("etc/sysctl.d/99-x.conf", "net..ipv4.conf.eth0.arp_ignore = 3\n", "arp_ignore 3"),
        ("etc/sysctl.d/99-x.conf", "/net//ipv4/conf/eth0/arp_ignore = 3\n", "arp_ignore 3"),
        ("etc/sysctl.d/99-x.conf", "".join(f"-net.ipv4.conf.{it}.arp_ignore\n" for it in DEVICES),
         "99-x.conf:1 keeps net.ipv4.conf.all.arp_ignore from being set"),
        # No such NIC is there yet.
        ("etc/sysctl.d/99-x.conf", "net.ipv4.conf.wlan7.arp_ignore = 3\n", "decides for wlan7"),
        ("etc/sysctl.d/99-x.conf", "net.ipv4.conf.wl*.arp_ignore = 3\n", "conf.wl.arp_ignore 3"),
    ],
)  # fmt: skip
def test_a_file_that_opens_is_named(root: Path, path: str, text: str, named: str) -> None:
    write(root, text, path)
    assert named in str(reason(root))


@pytest.mark.parametrize(
    "value",
    ["+1", "1x", "08", "0x", "1 2", "", "\\", "one", "-", "9" * 30, "2147483650", "0b1", "1.0"],
)
def test_a_value_that_is_not_understood_is_open(root: Path, value: str) -> None:
    write(root, f"net.ipv4.conf.all.arp_ignore = {value}\n")
    assert "99-x.conf:1 sets net.ipv4.conf.all.arp_ignore to" in str(reason(root))


@pytest.mark.parametrize("value", ["1", "1 ", " 1\r", "01", "0x1", "0X8", "010", "2"])
def test_a_number_may_be_written_in_any_way_that_the_kernel_takes(root: Path, value: str) -> None:
    write(root, f"net.ipv4.conf.all.arp_ignore ={value}\n")
    assert reason(root) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"\nnet.ipv4.conf.all.arp_ignore\n", "99-x.conf:2 is no assignment"),
        (b"net.ipv4.conf.all.arp_ignore \\\n = 0\n", "99-x.conf:1 is no assignment"),
        (b"a.b = \\\nnet.ipv4.conf.all.arp_ignore\n", "99-x.conf:2 is no assignment"),
        (b"= 0\n", "99-x.conf:1 names no parameter"),
        (b"--net.ipv4.conf.eth0.arp_ignore = 3\n", "99-x.conf:1 has a second dash"),
        (b"- -net.ipv4.conf.*.arp_ignore = 3\n", "99-x.conf:1 has a second dash"),
        (b"--net.ipv4.conf.all.arp_ignore\n", "99-x.conf:1 has a second dash"),
        (b"# x\rnet.ipv4.conf.eth0.arp_ignore=3\n", "99-x.conf:1 has a carriage return"),
        (b"a.b = 1\0net.ipv4.conf.eth0.arp_ignore=3\n", "99-x.conf:1 has a carriage return"),
        (b"a.b = \xff\n", "not UTF-8"),
        (b"net/ipv4/../ipv4/conf/eth0/arp_ignore = 3\n", "'..'"),
        (b"net.ipv4.conf.eth\\0.arp_ignore* = 3\n", "a pattern that lvsboot does not know"),
        (b"net.ipv4.conf.[[:alpha:]]*.arp_ignore = 3\n", "a pattern that lvsboot does not know"),
        (b"a.b = " + b"x" * 1024 * 1024, "99-x.conf"),
        (b"#" * 1024 * 1024, "99-x.conf is too large"),
    ],
)  # fmt: skip
def test_a_line_that_is_not_understood_is_open(root: Path, text: bytes, named: str) -> None:
    write(root, text)
    assert named in str(reason(root))


def test_a_folder_is_named(root: Path) -> None:
    (root / "etc/sysctl.d/50-x.conf").mkdir()
    assert "50-x.conf is not a regular file" in str(reason(root))


def test_a_fifo_is_named_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "etc/sysctl.d/50-x.conf")
    assert "50-x.conf is not a regular file" in str(reason(root))


def test_a_link_is_read_where_it_leads_below_the_root(root: Path) -> None:
    write(root, LET_LOOSE, "etc/hidden")
    (root / "etc/sysctl.d/99-x.conf").symlink_to("/etc/hidden")
    (root / "etc/sysctl.d/98-x.conf").symlink_to("../hidden")
    # The same value again changes nothing.
    assert "/etc/sysctl.d/98-x.conf:1 makes" in str(reason(root))


@pytest.mark.parametrize("target", ["/etc/sysctl.d/99-x.conf", "../sysctl.d/99-x.conf"])
def test_a_loop_of_links_is_named(root: Path, target: str) -> None:
    (root / "etc/sysctl.d/99-x.conf").symlink_to(target)
    assert "99-x.conf is a loop of links" in str(reason(root))


@pytest.mark.parametrize("target", ["../sysctl.conf", "/dev/null", "/nowhere/at/all"])
def test_a_link_to_nothing_hides_its_namesake(root: Path, target: str) -> None:
    write(root, LET_LOOSE, "usr/lib/sysctl.d/99-x.conf")
    (root / "etc/sysctl.d/99-x.conf").symlink_to(target)
    assert reason(root) is None


def test_a_link_is_never_followed_out_of_the_root(root: Path) -> None:
    (root / "etc/sysctl.d/99-x.conf").symlink_to("/dev/../../../dev/zero")
    assert reason(root) is None
    (root / "dev").mkdir()
    os.mkfifo(root / "dev/zero")
    assert "99-x.conf is not a regular file" in str(reason(root))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything: the kernel tier has it")
def test_a_file_that_may_not_be_read_is_named(root: Path) -> None:
    write(root, "")
    (root / "etc/sysctl.d/99-x.conf").chmod(0)
    assert "99-x.conf cannot be read: Permission denied" in str(reason(root))


def test_a_folder_that_is_a_file_is_named(root: Path) -> None:
    (root / "run/sysctl.d").rmdir()
    write(root, "", "run/sysctl.d")
    assert "/run/sysctl.d cannot be listed" in str(reason(root))


def test_what_is_named_is_bounded(root: Path) -> None:
    write(root, "x\n" * 1000)
    said = str(reason(root))
    assert "99-x.conf:1 is no assignment" in said
    assert "and 995 more" in said
    assert len(said) < 1000


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"all": "0", "eth0": "0"}, "net.ipv4.conf.all.arp_ignore is 0, and decides for eth0"),
        ({"all": "1", "eth0": "3"}, "net.ipv4.conf.eth0.arp_ignore is 3, and decides for eth0"),
        ({"all": "1", "eth0": ""}, "net.ipv4.conf.eth0.arp_ignore is , and decides for eth0"),
        ({"all": "?", "eth0": "1"}, "net.ipv4.conf.all.arp_ignore is ?, and decides for every NIC"),
        ({"all": "1", "eth0": "1"}, None),
        ({"all": "1"}, None),
    ],
)
def test_what_is_in_force_is_looked_at_too(values: dict[str, str], sentence: str | None) -> None:
    def read(key: str) -> str | None:
        device, name = key.split("/")[3:]
        value = values.get(device, "1" if device == "default" else None)
        return value if name == "arp_ignore" or value is None else "2"

    opening = live_opening(["all", "default", "lo", "eth0"], read)
    assert (opening and opening.sentence) == (sentence and f"{sentence} (needs 1, 2 or 8)")
