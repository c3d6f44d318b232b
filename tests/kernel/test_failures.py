"""A start on a host that lacks something: its message, and what it does not change."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lvsboot import paths
from tests.kernel.hosts import CLEAR, Host, empty_folders, run

RULES = "-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 172.16.0.1:80 -g -w 1\n"
PROGRAM = ("python3", "-m", "lvsboot")


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    Path("/etc/lvs").mkdir(exist_ok=True)
    Path(paths.RULES).write_text(RULES, encoding="utf-8")
    yield
    empty_folders("/etc/lvs", paths.STATE, paths.RUNTIME)


@contextmanager
def full(folder: str) -> Iterator[None]:
    """A file system with no byte left in it."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "size=8k", "none", folder)
    try:
        Path(folder, "fill").write_bytes(b"x" * 8192)
        yield
    finally:
        run("umount", folder)


def test_a_full_disk_keeps_what_was_saved_before(host: Host) -> None:
    assert host.lvsboot("start").returncode == 0
    with full(paths.STATE):
        done = host.lvsboot("save")
        assert done.returncode == 1
        assert f"cannot write {paths.SAVED_RULES}: No space left on device" in done.stderr
        assert [place.name for place in Path(paths.STATE).iterdir()] == ["fill"]
    assert "no changes" in host.lvsboot("start").stderr


def test_a_start_that_cannot_remember_changes_nothing(host: Host) -> None:
    with full(paths.RUNTIME):
        done = host.lvsboot("start")
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert host.ipvsadm("-Sn").stdout == ""
    assert host.lvsboot("start").returncode == 0
    assert host.ipvsadm("-Sn").stdout == RULES


def test_who_is_not_root_is_told_so(host: Host) -> None:
    host.lvsboot("start")
    for verb in ("start", "reload", "stop", "save", "zero"):
        done = host.lvsboot(verb, user=65534)
        assert (done.returncode, done.stderr.count("\n")) == (77, 1)
        assert (
            f"cannot write {paths.TABLE_LOCK}: Permission denied; run lvsboot as root"
            in done.stderr
        )
    for words in ("status", "status --connections", "save --output -", "save --output /run/x"):
        done = host.lvsboot(*words.split(), user=65534)
        assert (done.returncode, done.stdout) == (77, "")
        assert "IPVS is for root" in done.stderr
    # Whether anything is loaded, or up, or ever will be.
    for words in ("announce", "announce 192.0.2.1", "announce --wait 192.0.2.1"):
        done = host.lvsboot(*words.split(), user=65534)
        assert (done.returncode, "CAP_NET_RAW" in done.stderr) == (77, True)
    assert host.ipvsadm("-Sn").stdout == RULES


def test_rules_of_anybodys_are_not_loaded(host: Host) -> None:
    Path(paths.RULES).chmod(0o666)
    done = host.lvsboot("start")
    assert done.returncode == 1
    assert f"{paths.RULES} may be written by everybody" in done.stderr
    assert host.ipvsadm("-Sn").stdout == ""


def test_damaged_saved_rules_do_not_keep_a_start_from_loading_the_roles(host: Host) -> None:
    host.lvsboot("start")
    host.ipvsadm("-e", "-t", "10.0.0.1:80", "-r", "172.16.0.1:80", "-g", "-w", "7")
    host.lvsboot("save")
    saved = Path(paths.SAVED_RULES)
    saved.write_bytes(saved.read_bytes()[:-5])
    host.lvsboot("stop")
    done = host.lvsboot("start")
    assert done.returncode == 0
    assert f"warning: {saved} is not what was saved there: loading {paths.RULES}" in done.stderr
    assert f"what was saved is now {saved}.lvs-save" in done.stderr
    assert host.ipvsadm("-Sn").stdout == RULES


def test_a_kernel_without_ipvs(hosts: dict[str, Host]) -> None:
    """Its modules are removed, and cannot be loaded again."""
    for host in hosts.values():
        host.restore(CLEAR)
    loaded = [line.split()[0] for line in Path("/proc/modules").read_text().splitlines()]
    modules = sorted((name for name in loaded if name.startswith("ip_vs")), key=len, reverse=True)
    blocked = Path("/run/modprobe.d/no-ipvs.conf")
    blocked.parent.mkdir(exist_ok=True)
    run("rmmod", *modules)
    blocked.write_text("install ip_vs /bin/false\n", encoding="utf-8")
    try:
        done = subprocess.run([*PROGRAM, "start"], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("lvsboot: the running kernel has no IPVS: the module ip_vs")
        assert "CONFIG_IP_VS" in done.stderr
    finally:
        blocked.unlink()
        run("modprobe", "ip_vs")
    done = subprocess.run([*PROGRAM, "start"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert subprocess.run([*PROGRAM, "stop"], check=False).returncode == 0
