"""Runs Python in a network namespace of its own, on real links, without privileges."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from textwrap import dedent

import pytest

from tests.golden import REPOSITORY

# A veth pair: eth0 and its peer, both up.
_SETUP = """
set -e
ip link add eth0 address 52:54:00:00:00:01 type veth peer name peer
ip link set lo up; ip link set eth0 up; ip link set peer up
"""
# One interpreter, since importing pyroute2 takes longer than any script: it forks for each script
# and moves the child into a namespace of its own. The first namespace makes it root.
_RUNNER = """
import ctypes, json, os, signal, subprocess, sys, tempfile, traceback
from lvsboot.commands import announce
from lvsboot.host import link_events, live_network
import pyroute2

CLONE_NEWNET = 0x40000000

def ip(*words, **options):
    subprocess.run(["ip", *words], check=True, **options)

def run(setup, script):
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["sh", "-c", setup], check=True)
    exec(script, {"ip": ip})

for line in sys.stdin:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            try:
                run(*json.loads(line))
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode())
        if status:
            texts[1] += f"ended by signal {status}"
    print(json.dumps(texts), flush=True)
"""


def run_in_namespace(script: str, *, setup: str = "") -> str:
    """What the script prints, after `setup` by sh; `ip(*words)` is defined in it.

    Skips where the host has no such namespaces; in the lab's VM that is a failure.
    """
    runner, missing = _start_runner()
    if missing:
        if os.environ.get("LVSBOOT_NATIVE"):
            pytest.fail(missing)
        pytest.skip(f"needs user namespaces and veth: {missing}")
    said, errors = _ask(runner, f"{_SETUP}\n{dedent(setup)}", dedent(script))
    assert errors == "", errors
    return said


@cache
def _start_runner() -> tuple[subprocess.Popen[str], str]:
    """The interpreter, and why it cannot run a script; empty if it can."""
    runner = subprocess.Popen(
        ["sh", "-c", 'exec unshare --map-root-user --net "$0" -c "$1"', sys.executable, _RUNNER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    atexit.register(runner.communicate)
    return runner, _ask(runner, _SETUP, "")[1]


def _ask(runner: subprocess.Popen[str], setup: str, script: str) -> tuple[str, str]:
    """What the script prints on standard output and on standard error."""
    assert runner.stdin is not None
    assert runner.stdout is not None
    try:
        runner.stdin.write(f"{json.dumps((setup, script))}\n")
        runner.stdin.flush()
        said, errors = json.loads(runner.stdout.readline())
    except (BrokenPipeError, ValueError):
        return "", "unshare failed"
    return said, errors
