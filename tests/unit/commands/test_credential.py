"""The arguments that hand a role over, as QEMU, libvirt and a shell read them."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lvsboot.commands.credential import credential_ways, oem_string, write_oem_string
from lvsboot.errors import Exit, HostError
from lvsboot.role.reader import RoleFile, parse_role
from tests.golden import REPOSITORY
from tests.unit.cli.test_cli import lvsboot

RAW = (REPOSITORY / "examples/dr/director.yaml").read_bytes()
ROLE = parse_role(RAW, "director.yaml")
# What a shell, QEMU or XML would take for more than a name.
HARD = Path("/srv/ a  b,c&'d'\"$x\\<.yaml ")


def test_the_string_is_one_that_systemd_decodes() -> None:
    name, _, value = oem_string(ROLE).partition(b"=")
    assert name == b"io.systemd.credential.binary:lvs.role"
    assert b64decode(value, validate=True) == RAW


def test_the_string_replaces_a_file(tmp_path: Path) -> None:
    place = tmp_path / "role.smbios"
    place.write_text("longer than nothing")
    write_oem_string(ROLE, place)
    assert place.read_bytes() == oem_string(ROLE)


def test_the_string_never_replaces_the_role(tmp_path: Path) -> None:
    place, link = tmp_path / "role.yaml", tmp_path / "link"
    place.write_bytes(RAW)
    link.hardlink_to(place)
    for output in (place, link):
        done = lvsboot("credential", place, "-o", output)
        assert done.returncode == Exit.USAGE
        assert b"is the role itself" in done.stderr
    assert place.read_bytes() == RAW


def test_no_folder_is_made_for_the_string(tmp_path: Path) -> None:
    role = tmp_path / "role.yaml"
    role.write_bytes(RAW)
    done = lvsboot("credential", role, "-o", tmp_path / "typo" / "role.smbios")
    assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
    assert b"typo is not a directory: make it" in done.stderr
    assert [*tmp_path.iterdir()] == [role]


@pytest.mark.parametrize("name", [b"a\nb", b"a\xff", b"a\x1b[0m", b"a\tb", b"a\xc2\xa0b"])
def test_a_path_that_cannot_be_shown_is_refused(name: bytes, tmp_path: Path) -> None:
    """As it is printed it would name another file."""
    hard = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    hard.write_bytes(RAW)
    plain = tmp_path / "role.yaml"
    plain.write_bytes(RAW)
    for words in ((hard,), (plain, "-o", hard)):
        done = lvsboot("credential", *words)
        assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
        assert b"has a character that cannot be shown" in done.stderr
        assert done.stderr.isascii()
    assert hard.read_bytes() == RAW


def test_hard_names() -> None:
    smbios, fw_cfg, libvirt, load = credential_ways(ROLE, HARD, HARD)
    doubled = str(HARD).replace(",", ",,")
    assert shlex.split(smbios.argument) == ["-smbios", f"type=11,path={doubled}"]
    assert shlex.split(fw_cfg.argument) == [
        "-fw_cfg",
        f"name=opt/io.systemd.credentials/lvs.role,file={doubled}",
    ]
    [entry] = ET.fromstring(libvirt.argument)  # noqa: S314 - made above
    assert entry.attrib == {"name": "opt/io.systemd.credentials/lvs.role", "file": str(HARD)}
    assert shlex.split(load.argument) == [f"--load-credential=lvs.role:{HARD}"]


@pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs QEMU")
def test_qemu_takes_its_arguments(tmp_path: Path) -> None:
    role = tmp_path / "a role, with a comma.yaml"
    role.write_bytes(RAW)
    string = tmp_path / "a, b.smbios"
    write_oem_string(ROLE, string)
    for way in credential_ways(ROLE, role, string)[:2]:
        argv = ["qemu-system-x86_64", "-M", "q35", "-nodefaults", "-display", "none", "-S"]
        words = [*argv, *shlex.split(way.argument), "-monitor", "stdio"]
        done = subprocess.run(words, input="quit\n", capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), way


def larger(size: int) -> RoleFile:
    return RoleFile(ROLE.role, "#" * size, ())


def test_smbios_2_has_64_kib() -> None:
    assert credential_ways(larger(40_000), HARD, HARD)[0].note == ""
    assert "smbios-entry-point-type=64" in credential_ways(larger(60_000), HARD, HARD)[0].note


def test_systemd_takes_1_mib() -> None:
    assert credential_ways(larger(1024 * 1024), HARD, None)
    with pytest.raises(HostError, match="at most 1048576"):
        credential_ways(larger(1024 * 1024 + 1), HARD, None)
