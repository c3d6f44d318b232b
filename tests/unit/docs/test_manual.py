"""The manual pages name every verb, option, status, key and unit."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lvsboot.cli.parser import parser_for, verb_groups
from lvsboot.errors import Exit
from lvsboot.resources import ROLE_SCHEMA, UNITS
from tests.golden import REPOSITORY
from tests.unit.docs.test_docs import role_keys


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a reader sees, by the pages' names: without escapes and fonts."""
    folder = tmp_path_factory.mktemp("man")
    manual = REPOSITORY / "docs" / "manual.py"
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    subprocess.run([sys.executable, manual, folder], check=True, cwd=REPOSITORY, env=environment)
    return {place.name: plain(place) for place in folder.iterdir()}


def plain(place: Path) -> str:
    text = re.sub(r"\\f[BIR]", "", place.read_text(encoding="utf-8"))
    return text.replace("\\-", "-").replace("\\&", "")


def test_there_are_three(pages: dict[str, str]) -> None:
    assert pages.keys() == {"lvsboot.8", "lvs-role.5", "lvs.service.8"}


def test_every_verb_and_option_is_there(pages: dict[str, str]) -> None:
    for name in parser_for(()).verbs:
        start = pages["lvsboot.8"].index(f"\nlvsboot {name}\n")
        section = re.split(r"\nlvsboot |\n\.SH ", pages["lvsboot.8"][start + 1 :])[0:2]
        help_text = parser_for([name]).verbs[name].format_help()
        for option in set(re.findall(r"--[a-z-]+", help_text)) - {"--help"}:
            assert option in "".join(section), (name, option)


def test_the_groups_are_those_of_the_help() -> None:
    names = [name for verbs in verb_groups().values() for name in verbs]
    assert names == [*parser_for(()).verbs]


def test_every_exit_status_is_there(pages: dict[str, str]) -> None:
    section = pages["lvsboot.8"].split(".SH EXIT STATUS")[1].split(".SH ")[0]
    listed = {int(number) for number in re.findall(r"^\.TP\n(\d+)$", section, re.MULTILINE)}
    assert listed == {value for name, value in vars(Exit).items() if name.isupper()}


def test_every_key_is_there(pages: dict[str, str]) -> None:
    tags = {*re.findall(r"^\.TP\n(\S+)$", pages["lvs-role.5"], re.MULTILINE)}
    assert tags == set(role_keys(json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))))


def test_every_unit_is_there(pages: dict[str, str]) -> None:
    named = {*re.findall(r"lvs[a-z-]*@?\.(?:service|path|target)", pages["lvs.service.8"])}
    static = {
        unit.name for unit in UNITS.iterdir() if unit.suffix in {".service", ".path", ".target"}
    }
    assert named == static | {"lvs-vips-up.target"}
