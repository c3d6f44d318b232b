"""The wheel alone, in an empty environment: it validates and renders every example."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from lab.shell import run
from tests.golden import REPOSITORY, read_tree

EXAMPLES = sorted((REPOSITORY / "examples").rglob("*.yaml"))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a new environment, beside what the wheel itself asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-build-isolation"]
    run([*pip, "wheel", *offline, "--wheel-dir", folder, REPOSITORY])
    venv.create(folder / "venv", with_pip=True)
    (wheel,) = folder.glob("lvsboot-*.whl")
    # In the development environment's versions, which have hashes.
    lines = (REPOSITORY / "requirements" / "dev.txt").read_text(encoding="utf-8")
    (folder / "constraints").write_text(
        "".join(f"{line.split(' ')[0]}\n" for line in lines.splitlines() if "==" in line),
        encoding="utf-8",
    )
    python = folder / "venv/bin/python"
    run([python, "-m", "pip", "install", "--quiet", "--constraint", folder / "constraints", wheel])
    return folder / "venv/bin/lvsboot"


def lvsboot(program: Path, folder: Path, *words: str | Path) -> str:
    """By no path and setting of the checkout's, and not from inside of it."""
    argv = [program, *words]
    env = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("role", EXAMPLES, ids=lambda role: f"{role.parent.name}-{role.stem}")
def test_an_example_is_valid_and_rendered(program: Path, tmp_path: Path, role: Path) -> None:
    assert lvsboot(program, tmp_path, "validate", "--strict", role).endswith(": valid\n")
    roots = [tmp_path / "wheel", tmp_path / "checkout"]
    for root in roots:
        root.mkdir()
    words: list[str | Path] = ["render", role, "--backend", "networkd", "--root"]
    lvsboot(program, tmp_path, *words, roots[0])
    run([Path(sys.executable).with_name("lvsboot"), *words, roots[1]])
    assert read_tree(roots[0]) == read_tree(roots[1])
