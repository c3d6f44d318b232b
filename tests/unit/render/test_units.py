"""The units as systemd reads them: order, spelling, and how little each of them may do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lvsboot.resources import UNITS
from tests.golden import unpack

UNIT_FOLDER = "/etc/systemd/system/"
pytestmark = pytest.mark.native("systemd-analyze")
# It is installed on hosts, not where they are made.
NO_LVSBOOT = "Command lvsboot is not executable: No such file or directory"


def complaints(units: Path, *names: str) -> list[str]:
    """What systemd says of the units, found before the system's own."""
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
    """With the table among them, and everything that it must come before and after."""
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


# The provisioner writes /etc, and runs what brings the host to it. There may be hundreds of VIPs,
# and each runs one fixed `ip`: a sandbox would take longer than all of that.
EXPOSURES = {"lvs-provision.service": 30, "lvs-vip@.service": 50}


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
