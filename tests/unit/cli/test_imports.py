"""Each verb imports only what it needs: loading modules takes most of a small run's time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lvsboot.cli.parser import parser_for
from tests.golden import REPOSITORY

# One interpreter, and a fork of it for each verb. It has loaded what of the standard library the
# packages load. Where a verb would take the lock it ends: nothing is written on this host.
RUNNER = """\
import argparse, asyncio, dataclasses, difflib, email.message, hashlib, importlib.resources, inspect
import ipaddress, json, logging, multiprocessing, os, pprint, subprocess, sys, tempfile, uuid

def run(words):
    from lvsboot import cli
    from lvsboot.errors import HostError
    from lvsboot.system import lock

    def refuse(_):
        raise HostError("the verb would write now")

    lock.Lock.__enter__ = refuse
    if words == ["arp-guard"]:
        import lvsboot.commands.arp_guard
        return
    cli.main(words)

for line in sys.stdin.read().splitlines():
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        run(json.loads(line))
        os.write(writer, json.dumps(sorted(sys.modules)).encode())
        os._exit(0)
    os.close(writer)
    print(os.fdopen(reader).read(), flush=True)
    os.wait()
"""
THIRD_PARTY = {"jinja2", "jsonschema", "pyroute2", "yaml"}
ROLE = str(REPOSITORY / "examples/dr/rs1.yaml")
READS_ROLES = {"jsonschema", "yaml"}
WRITES_FILES = {*READS_ROLES, "jinja2"}
# What is typed, and the packages that it may load.
CASES: dict[str, set[str]] = {
    "--help": set(),
    "--version": set(),
    "start --help": set(),
    "start": set(),
    "reload": set(),
    "stop": set(),
    "save": set(),
    "zero": set(),
    "status": set(),
    "drain 10.0.0.1": set(),
    "undrain 10.0.0.1": set(),
    "weight 10.0.0.1 5": set(),
    "arp-guard": set(),
    "schema": set(),
    "announce 192.0.2.1": {"pyroute2"},
    f"validate {ROLE}": READS_ROLES,
    "import RULES": READS_ROLES,
    f"cloud-init {ROLE} -o FOLDER": WRITES_FILES,
    f"credential {ROLE}": READS_ROLES,
    # No role is there to be read.
    "provision": WRITES_FILES,
    "verify": WRITES_FILES,
    f"plan {ROLE} --root FOLDER --backend networkd": WRITES_FILES,
    f"render {ROLE} --root FOLDER --backend networkd": WRITES_FILES,
    "install-units --root FOLDER": WRITES_FILES,
    # The guard's look at the live network is an import of its own.
    "apply /nonexistent": WRITES_FILES,
}
BAKES_NO_IMAGE = (
    *("start", "reload", "stop", "save", "zero", "status", "schema"),
    *("drain 10.0.0.1", "undrain 10.0.0.1", "weight 10.0.0.1 5"),
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    folder = tmp_path_factory.mktemp("seed")
    rules = folder / "rules"
    rules.write_text("-A -t 192.0.2.1:80 -s wlc\n", encoding="utf-8")
    names = {"FOLDER": str(folder), "RULES": str(rules)}
    typed = [[names.get(word, word) for word in case.split()] for case in CASES]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input="".join(f"{json.dumps(words)}\n" for words in typed),
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    lines = done.stdout.splitlines()
    return {case: set(json.loads(line)) for case, line in zip(CASES, lines, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.partition(" ")[0])
def test_a_verb_loads_no_package_that_it_does_not_need(
    loaded: dict[str, set[str]], case: str
) -> None:
    assert loaded[case] & THIRD_PARTY <= CASES[case]


@pytest.mark.parametrize("case", BAKES_NO_IMAGE)
def test_a_verb_of_the_service_loads_nothing_that_reads_roles_or_writes_files(
    loaded: dict[str, set[str]], case: str
) -> None:
    folders = ("lvsboot.role.", "lvsboot.render.", "lvsboot.install.", "lvsboot.host.network.")
    assert [name for name in loaded[case] if name.startswith(folders)] == []


def test_the_cases_are_all_verbs() -> None:
    assert {case.split()[0] for case in CASES if case[0] != "-"} == parser_for(()).verbs.keys()
