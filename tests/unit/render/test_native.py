"""The golden trees as the tools that will read them see them: systemd, sysctl, editors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lvsboot.install.tree import File
from lvsboot.render.cloudinit import render_seed
from lvsboot.render.host import render_host
from lvsboot.resources import ROLE_SCHEMA
from lvsboot.role.formats import parse_line
from lvsboot.role.model import Backend
from lvsboot.role.reader import decode_role, parse_role
from tests.golden import CASES, REPOSITORY, Case, golden_tree, unpack

UNITS = "/etc/systemd/system/"
# What the units run is on a host of lvsboot's, and need not be on this one.
COMMANDS = re.compile(r"(=[-+!:@]*)(lvsboot|ipvsadm|ip|nft|modprobe)(?= |$)", re.MULTILINE)
MODELINE = re.compile(r"#\s+yaml-language-server\s*:.*\$schema=(\S+)")


def unit_texts(case: Case) -> frozenset[tuple[str, str]]:
    return frozenset(
        (path, entry.text)
        for path, entry in golden_tree(case.name).items()
        if path.startswith(UNITS) and isinstance(entry, File)
    )


# Backends differ in files that are no units: each set of units is looked at once.
DIFFERENT = list({unit_texts(case): case for case in CASES}.values())


def verify(folder: Path) -> str:
    """What systemd says of all units that the folder's links start."""
    names = {place.name for place in folder.rglob("*.wants/*")}
    names |= {place.name for place in folder.glob("*.service") if "@" not in place.name}
    # To systemd-analyze a colon parts a file from its alias; lvs.service wants these anyway.
    names = {name for name in names if ":" not in name}
    argv = ["systemd-analyze", "verify", "--man=no", *sorted(names)]
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    return done.stderr


def copy_units(case: Case, folder: Path) -> None:
    shutil.copytree(unpack(case.name, folder.parent / "root", UNITS), folder, symlinks=True)
    for place in folder.rglob("*"):
        if place.is_symlink() and str(place.readlink()) == "/dev/null":
            place.unlink()  # there is nothing to verify in what is masked
        elif place.is_symlink():
            # Of the image's root, not of this host's.
            target = folder / place.readlink().name
            place.unlink()
            place.symlink_to(target)
        elif place.is_file():
            text = COMMANDS.sub(r"\1/bin/true", place.read_text(encoding="utf-8"))
            place.write_text(text, encoding="utf-8")


@pytest.mark.native("systemd-analyze")
@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: case.name)
def test_systemd_takes_the_units(case: Case, tmp_path: Path) -> None:
    copy_units(case, tmp_path / "units")
    assert verify(tmp_path / "units") == ""


@pytest.mark.native("systemd-analyze")
def test_systemd_would_have_said_so(tmp_path: Path) -> None:
    """The control: a misspelt key, and a program that is not there."""
    copy_units(CASES[0], tmp_path / "units")
    unit = tmp_path / "units" / "lvs.service"
    text = unit.read_text(encoding="utf-8")
    text = text.replace("TimeoutStopSec", "TimeoutStop").replace(
        "[Service]", "[Service]\nExecStart=/none"
    )
    unit.write_text(text, encoding="utf-8")
    said = verify(tmp_path / "units")
    assert "TimeoutStop" in said
    assert "/none" in said


def sysctl_text(settings_: dict[str, str]) -> str:
    role = decode_role({"real_server": {"method": "nat"}, "sysctl": settings_})
    [file] = [
        entry
        for entry in render_host(role, "", Backend.EXTERNAL)
        if isinstance(entry, File) and entry.path == "/etc/sysctl.d/90-lvs.conf"
    ]
    return file.text


def is_line(text: str) -> bool:
    try:
        parse_line(text)
    except ValueError:
        return False
    return True


@pytest.mark.native("sysctl")
@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(max_size=12).filter(is_line), min_size=1, max_size=5))
def test_sysctl_reads_each_value_whole(values: list[str]) -> None:
    # These are there in any kernel; nothing is written.
    keys = ("kernel.domainname", "kernel.hostname", "kernel.core_pattern")
    values = values[: len(keys)]
    text = sysctl_text(dict(zip(keys, values, strict=False)))
    argv = ["sysctl", "--dry-run", "--load=-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    lines = done.stdout.removesuffix("\n").split("\n")
    # Blanks around a value are nobody's: sysctl.d(5).
    assert [line.partition(" = ")[2] for line in lines] == [value.strip() for value in values]


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60))
def test_cloud_config_carries_any_role_file(comment: str) -> None:
    role = decode_role({"hostname": "rs1", "real_server": {"method": "nat"}})
    seed = {file.path: file.text for file in render_seed(role, comment)}
    head, _, body = seed["user-data"].partition("\n")
    assert head == "#cloud-config"
    [written] = [
        it for it in yaml.safe_load(body)["write_files"] if it["path"] == "/etc/lvs/role.yaml"
    ]
    assert written["content"] == comment


EXAMPLES = sorted((REPOSITORY / "examples").rglob("*.yaml"))


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: f"{place.parent.name}-{place.stem}")
def test_an_editor_finds_the_schema_of_an_example(place: Path) -> None:
    text = place.read_text(encoding="utf-8")
    match = MODELINE.fullmatch(text.splitlines()[0])
    assert match is not None
    assert (place.parent / match[1]).resolve() == ROLE_SCHEMA.resolve()


def test_an_example_leaves_nothing_to_reconsider() -> None:
    for place in EXAMPLES:
        assert parse_role(place.read_bytes(), place.name).warnings == ()
    rendered = {REPOSITORY / "examples" / case.example for case in CASES}
    assert rendered == set(EXAMPLES)
