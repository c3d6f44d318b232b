"""What says that a role is applied is there when it is, and never else."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lvsboot.commands.pending import unapplied_role
from tests.crash.test_files import FIRST, IN_FOLDER, SECOND
from tests.golden import REPOSITORY

DRIVER = str(Path(__file__).with_name("driver.py"))
UNIT = (REPOSITORY / "units/lvs-provision.service").read_text(encoding="utf-8")


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for name in ("etc/lvs", "var/lib", "run"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def lvsboot(host: Path, *words: str, failing: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*IN_FOLDER, str(host), sys.executable, DRIVER, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FAILING": failing},
    )


def is_provisioned(host: Path) -> bool:
    """By the unit's own condition."""
    condition = re.search(r"^ExecCondition=\+/bin/sh -c '(.*)'$", UNIT, re.MULTILINE)
    assert condition is not None
    script = condition[1].replace(" /", f" {host}/")
    return subprocess.run(["sh", "-c", script], check=False, capture_output=True).returncode != 0


def is_pending(host: Path) -> bool:
    role, applied = host / "etc/lvs/role.yaml", host / "var/lib/lvs/role.yaml"
    plan = lvsboot(host, "plan", "--exit-code", "/etc/lvs/role.yaml")
    assert plan.returncode in {0, 2}, plan.stderr
    said = {
        unapplied_role(str(role), str(applied)) is not None,
        "/var/lib/lvs/role.yaml" in plan.stdout,
        plan.returncode == 2,
        not is_provisioned(host),
    }
    assert len(said) == 1
    return said.pop()


@pytest.mark.parametrize("options", [(), ("--no-block",)])
@pytest.mark.parametrize("failing", ["modprobe", "systemctl", "/usr/lib/systemd/systemd-sysctl"])
def test_a_failed_apply_stays_visible_until_one_succeeds(
    host: Path, failing: str, options: tuple[str, ...]
) -> None:
    role = host / "etc/lvs/role.yaml"
    role.write_text(FIRST, encoding="utf-8")
    assert lvsboot(host, "apply", *options, failing=failing).returncode == 1
    assert is_pending(host)
    assert lvsboot(host, "apply", *options, failing=failing).returncode == 1
    assert is_pending(host)
    done = lvsboot(host, "apply", *options)
    assert (done.returncode, is_pending(host)) == (0, False), done.stderr
    assert done.stdout == "+ /var/lib/lvs/role.yaml\n"
    # No file changes, and what was to be done has failed all the same.
    assert lvsboot(host, "apply", *options, failing=failing).returncode == 1
    assert is_pending(host)
    for said in ("+ /var/lib/lvs/role.yaml\n", "no changes\n"):
        assert lvsboot(host, "apply", *options).stdout == said
    assert not is_pending(host)


def test_a_role_that_comes_back_after_a_failed_one_is_to_be_applied(host: Path) -> None:
    role = host / "etc/lvs/role.yaml"
    for text, failing in ((FIRST, ""), (SECOND, "systemctl")):
        role.write_text(text, encoding="utf-8")
        lvsboot(host, "apply", failing=failing)
    role.write_text(FIRST, encoding="utf-8")
    assert is_pending(host)
    assert lvsboot(host, "apply").returncode == 0
    assert not is_pending(host)


def test_a_rendered_root_is_provisioned(host: Path) -> None:
    """It boots into its role by itself; also one that is rendered from inside."""
    role = host / "etc/lvs/role.yaml"
    role.write_text(FIRST, encoding="utf-8")
    done = lvsboot(host, "render", "/etc/lvs/role.yaml", "--root", "/")
    assert done.returncode == 0, done.stderr
    assert (is_pending(host), is_provisioned(host)) == (False, True)


@pytest.mark.parametrize("root", ["/", "//", "/etc/.."])
def test_a_live_host_is_rendered_under_the_tables_lock(host: Path, root: str) -> None:
    (host / "run/lvs").mkdir()
    (host / "etc/lvs/role.yaml").write_text(FIRST, encoding="utf-8")
    words = ["render", "/etc/lvs/role.yaml", "--root", root]
    argv = [*IN_FOLDER, str(host), sys.executable, DRIVER, *words]
    with (host / "run/lvs/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as render:
            assert render.stderr is not None
            said = "lvsboot: waiting for another process, which holds /run/lvs/lock\n"
            assert said in iter(render.stderr.readline, "")
            assert not (host / "etc/lvs/ipvs.rules").exists()
            fcntl.flock(lock, fcntl.LOCK_UN)
            # What this host lacks for the role is said there: a closed stream would be an error.
            render.stderr.read()
    assert render.returncode == 0
    assert (host / "etc/lvs/ipvs.rules").exists()


def test_a_full_run_is_said_in_a_sentence(host: Path) -> None:
    """An apply keeps there what it has still to do, before it changes a file."""
    role = host / "etc/lvs/role.yaml"
    role.write_text(FIRST, encoding="utf-8")
    assert lvsboot(host, "apply").returncode == 0
    rules = (host / "etc/lvs/ipvs.rules").read_text(encoding="utf-8")
    role.write_text(SECOND, encoding="utf-8")
    fill = 'mount -t tmpfs -o size=16k none "$1/run"; ! head -c 1M /dev/zero >"$1/run/fill"; '
    argv = [*IN_FOLDER, str(host), sys.executable, DRIVER, "apply"]
    argv[5] = fill + argv[5]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot write /run/lvs" in done.stderr
    assert "No space left on device" in done.stderr
    assert (host / "etc/lvs/ipvs.rules").read_text(encoding="utf-8") == rules
