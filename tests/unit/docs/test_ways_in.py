"""The pages on the ways in: each command behind `$` is run in a folder that has what it names.

What is behind `#` changes a host: tests/boot, tests/matrix and tests/package do the like of it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from lvsboot.cli import main
from lvsboot.errors import Exit
from tests.golden import REPOSITORY
from tests.matrix.manual import Step
from tests.unit.render.user_data.test_deb import package

PAGES = ["README.md", "docs/cloud-init.md", "docs/image.md", "docs/credential.md"]
_CALL = re.compile(r"^\$ lvsboot (.*?)(?: >(\S+))?$")


def steps(page: str) -> list[Step]:
    """The calls of lvsboot with the lines below them; `host` is the file for standard output."""
    text = (REPOSITORY / page).read_text(encoding="utf-8").replace("\\\n    ", "")
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE):
            command, *lines = part.splitlines() or [""]
            if call := _CALL.match(command):
                found.append(Step(call[2] or "", call[1], tuple(lines)))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(REPOSITORY / "examples/dr/director.yaml", tmp_path / "role.yaml")
    (tmp_path / "archive-key.asc").write_bytes(b"\xc6\x01\xff")  # one packet, a public key's
    (tmp_path / "users.yaml").write_text("#cloud-config\nusers: [default]\n", encoding="utf-8")
    (tmp_path / "lvsboot.deb").write_bytes(package(tmp_path / "made"))
    for name in ("image", "empty", "look"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.native("dpkg-deb")
@pytest.mark.parametrize("page", PAGES)
def test_commands_do_what_the_page_says(
    page: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = steps(page)
    assert len(found) > 0
    for step in found:
        words = shlex.split(step.command.replace("DIGEST", "0" * 64))
        assert main(words) == Exit.DONE, (step.command, capsys.readouterr().err)
        printed = capsys.readouterr()
        if step.host:
            (folder / step.host).write_text(printed.out, encoding="utf-8")
            assert printed.out
        assert step.missing(printed.out + printed.err) == [], step.command


def test_every_way_is_in_the_readme() -> None:
    verbs = {step.command.split()[0] for step in steps("README.md")}
    assert verbs == {"cloud-init", "render", "plan", "credential"}
    assert "\n# lvsboot apply role.yaml\n" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
