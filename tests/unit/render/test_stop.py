"""lvs.service's ExecStop=, run as systemd would, beside a systemctl that is a script."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.golden import REPOSITORY

UNIT = REPOSITORY / "units/lvs.service"
STOPPED = ["stop lvs-vip@192.0.2.1.service lvs-tunnel.service", "the command"]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with `systemctl`, which notes what it is to stop, and `remove`."""
    scripts = {
        "systemctl": 'case $1 in list-jobs) printf "$JOBS"; exit;; esac\necho "$*" >>"$NOTES"\n'
        '[ -z "$FAILS" ]',
        "remove": 'echo "the command" >>"$NOTES"',
    }
    for name, text in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def stop(
    programs: Path, jobs: str, units: str = "", *, fails: bool = False
) -> tuple[int, list[str]]:
    """The exit status, and what was done in its order."""
    text = UNIT.read_text(encoding="utf-8").replace("\\\n", " ")
    [command] = re.findall(r"^ExecStop=(.*)$", text, re.MULTILINE)
    notes = programs / "notes"
    notes.touch()
    done = subprocess.run(
        shlex.split(command.replace("%n", "lvs.service").replace("$$", "$")),
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "NOTES": str(notes),
            "JOBS": jobs,
            "STOP_UNITS": units,
            "STOP_COMMAND": "remove",
            "FAILS": "yes" if fails else "",
        },
        check=False,
    )
    return done.returncode, notes.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("jobs", "plain"),
    [
        ("42 lvs.service stop running\\n", True),
        ("42 lvs.service restart running\\n", False),
        ("42 lvs.service     stop  running\\n43 shutdown.target start waiting\\n", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("units", ["", "lvs-vip@192.0.2.1.service lvs-tunnel.service"])
def test_only_a_plain_stop_removes_anything(
    programs: Path, jobs: str, units: str, *, plain: bool
) -> None:
    expected = STOPPED[0 if units else 1 :] if plain else []
    assert stop(programs, jobs, units) == (0, expected)


def test_rules_stay_where_a_unit_does_not_stop(programs: Path) -> None:
    status, notes = stop(programs, "42 lvs.service stop running\\n", "a.service", fails=True)
    assert (status, notes) == (1, ["stop a.service"])
