"""Runs Python in a network namespace of its own, on real links, without privileges."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.golden import REPOSITORY

# A veth pair: eth0 and its peer, both up.
_SETUP = """
set -e
ip link add eth0 address 52:54:00:00:00:01 type veth peer name peer
ip link set lo up; ip link set eth0 up; ip link set peer up
"""
_BEGINNING = """
import subprocess
def ip(*words, **options):
    subprocess.run(["ip", *words], check=True, **options)
"""


def run_in_namespace(script: str, *, setup: str = "") -> str:
    """What the script prints, after `setup` by sh; `ip(*words)` is defined in it.

    Skips where the host has no such namespaces; in the lab's VM that is a failure.
    """
    if (trouble := _run(["sh", "-c", _SETUP]).stderr) != "":
        if os.environ.get("LVSBOOT_NATIVE"):
            pytest.fail(trouble)
        pytest.skip(f"needs user namespaces and veth: {trouble}")
    python = f'{_SETUP}\n{dedent(setup)}\nexec "$0" -c "$1"'
    done = _run(["sh", "-c", python, sys.executable, _BEGINNING + dedent(script)])
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def _run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["unshare", "--map-root-user", "--net", *argv],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=REPOSITORY,
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(argv, 127, "", str(error))
