"""The units as systemd reads them: order, spelling, and exposure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lvsboot.install.tree import File
from lvsboot.resources import UNITS
from tests.golden import CASES, Case, golden_tree, unpack

UNIT_FOLDER = "/etc/systemd/system/"
pytestmark = pytest.mark.native("systemd-analyze")
# lvsboot is installed on hosts, and need not be where the tests run.
NO_LVSBOOT = "Command lvsboot is not executable: No such file or directory"


def complaints(units: Path, *names: str) -> list[str]:
    """What systemd reports on units in this folder, which come before the system's."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:"},
    )
    return [line for line in done.stderr.splitlines() if NO_LVSBOOT not in line]


@pytest.mark.parametrize("role", ["nat-director-external", "tun-rs2-networkd"])
def test_the_units_of_a_boot_are_in_order(role: str, tmp_path: Path) -> None:
    """With lvs-nft.service, and the units that it comes before and after."""
    units = unpack(role, tmp_path, UNIT_FOLDER)
    names = ("sysinit.target", "network-pre.target", "lvs-nft.service", "lvs-tunnel.service")
    assert complaints(units, *names, "lvs-vip-keep.path") == []


def test_a_wrong_order_would_be_seen(tmp_path: Path) -> None:
    """The control of the test above."""
    units = unpack("nat-director-external", tmp_path, UNIT_FOLDER)
    unit = units / "lvs-nft.service"
    text = unit.read_text(encoding="utf-8")
    unit.write_text(text.replace("\nAfter=", "\nAfter=network-pre.target "), encoding="utf-8")
    assert any("ordering cycle" in line for line in complaints(units, "sysinit.target"))


# The provisioner writes /etc and runs modprobe, sysctl and systemctl. VIPs may be hundreds, and
# each unit runs one fixed `ip`: sandboxes would take longer than that.
EXPOSURES = {
    "lvs-provision.service": 30,
    "lvs-provision-early.service": 30,
    "lvs-vip@.service": 50,
}


@pytest.mark.parametrize("unit", sorted(place.name for place in UNITS.glob("*.service")))
def test_a_unit_may_do_little(unit: str) -> None:
    """By systemd's own measure of exposure, which counts in tenths here: at most 2.0."""
    argv = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    argv.append(f"--threshold={EXPOSURES.get(unit, 20)}")
    done = subprocess.run([*argv, UNITS / unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout.splitlines()[-1:]


@pytest.mark.parametrize("unit", sorted(place.name for place in UNITS.glob("*.service")))
def test_a_private_dev_is_not_made_while_tmp_is_emptied(unit: str) -> None:
    """Systemd before 255 makes it in /tmp; units with default dependencies come later anyway."""
    lines = (UNITS / unit).read_text(encoding="utf-8").splitlines()
    if "DefaultDependencies=no" in lines and {"PrivateDevices=yes", "PrivateTmp=yes"} & {*lines}:
        after = {name for line in lines if line.startswith("After=") for name in line[6:].split()}
        assert "systemd-tmpfiles-setup.service" in after


# Programs of the units that need not be installed where the tests run.
COMMANDS = re.compile(r"(=[-+!:@]*)(lvsboot|ipvsadm|ip|nft|modprobe)(?= |$)", re.MULTILINE)


def unit_texts(case: Case) -> frozenset[tuple[str, str]]:
    return frozenset(
        (path, entry.text)
        for path, entry in golden_tree(case.name).items()
        if path.startswith(UNIT_FOLDER) and isinstance(entry, File)
    )


# Backends differ in other files only, so each set of units is checked once.
DIFFERENT = list({unit_texts(case): case for case in CASES}.values())


def verify(folder: Path) -> list[str]:
    """What systemd reports on all units that the folder's links start."""
    names = {place.name for place in folder.rglob("*.wants/*")}
    names |= {place.name for place in folder.glob("*.service") if "@" not in place.name}
    # systemd-analyze reads a colon as the end of the file's name; lvs.service wants these anyway.
    names = {name for name in names if ":" not in name}
    return complaints(folder, *sorted(names))


def copy_units(case: Case, folder: Path) -> None:
    shutil.copytree(unpack(case.name, folder.parent / "root", UNIT_FOLDER), folder, symlinks=True)
    for place in folder.rglob("*"):
        if place.is_symlink() and str(place.readlink()) == "/dev/null":
            place.unlink()  # there is nothing to verify in what is masked
        elif place.is_symlink():
            # The link's target is a path of the host, not of this machine.
            target = folder / place.readlink().name
            place.unlink()
            place.symlink_to(target)
        elif place.is_file():
            text = COMMANDS.sub(r"\1/bin/true", place.read_text(encoding="utf-8"))
            place.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case.name)
def test_systemd_accepts_the_units(case: Case, tmp_path: Path) -> None:
    copy_units(case, tmp_path / "units")
    assert verify(tmp_path / "units") == []


def test_systemd_reports_broken_units(tmp_path: Path) -> None:
    """The control: a misspelt key and a missing program."""
    copy_units(CASES[0], tmp_path / "units")
    unit = tmp_path / "units" / "lvs.service"
    text = unit.read_text(encoding="utf-8")
    text = text.replace("TimeoutStopSec", "TimeoutStop").replace(
        "[Service]", "[Service]\nExecStart=/none"
    )
    unit.write_text(text, encoding="utf-8")
    said = "\n".join(verify(tmp_path / "units"))
    assert "TimeoutStop" in said
    assert "/none" in said
