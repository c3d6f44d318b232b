"""Where nothing can be written: what is there stays as it was, and the sentence says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden import REPOSITORY

RENDER = f"{sys.executable} -m lvsboot render {REPOSITORY}/examples/external/director.yaml --root ."


def in_namespace(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script as root of a namespace, in the folder."""
    argv = ["unshare", "--mount", "--map-root-user", "sh", "-ec", script]
    return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder)


def test_a_read_only_root_is_left_alone(tmp_path: Path) -> None:
    script = f"mount --bind . . && cd $PWD && mount -o remount,bind,ro . && {RENDER}"
    done = in_namespace(tmp_path, script)
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Read-only file system" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_root_whose_files_are_right_needs_no_write(tmp_path: Path) -> None:
    script = f"{RENDER}; mount --bind . . && cd $PWD && mount -o remount,bind,ro . && {RENDER}"
    done = in_namespace(tmp_path, script)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\nno changes\n")


@pytest.mark.parametrize("free", range(0, 60_000, 8192))
def test_a_full_disk_changes_nothing_and_room_mends_it(tmp_path: Path, free: int) -> None:
    """However far it gets; then what another program had in the way is still there."""
    image = tmp_path / "image"
    image.mkdir()
    script = f"""
        mount -t tmpfs -o size=400k none . && cd $PWD
        mkdir etc && echo somebody >etc/hostname
        head -c {400 * 1024 - 4096 * 3 - free} /dev/zero >fill
        find . -type f | xargs sha256sum >../before
        ! {RENDER} 2>../said
        find . -type f | xargs sha256sum >../after
        rm fill
        {RENDER}
        cat etc/hostname etc/hostname.lvs-save >../hostnames
    """
    done = in_namespace(image, script)
    assert done.returncode == 0, done.stderr
    said, before, after, names = (
        (tmp_path / name).read_text(encoding="utf-8")
        for name in ("said", "before", "after", "hostnames")
    )
    assert "No space left on device" in said
    assert said.count("\n") == 1
    assert after == before
    assert names == "director\nsomebody\n"
