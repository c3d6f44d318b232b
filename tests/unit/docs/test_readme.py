"""The README's commands print what it says, and its roles are the examples."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from lvsboot.cli import main
from lvsboot.role.reader import parse_role
from tests.golden import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
PROGRAM = ".venv/bin/lvsboot"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def sessions() -> list[tuple[str, str]]:
    """The README's commands that run lvsboot itself, each with its printed answer."""
    texts = [block for block in blocks("console") if PROGRAM in block]
    prompts = [re.split(r"^\$ ", text, flags=re.MULTILINE)[1:] for text in texts]
    return [(prompt.split("\n", 1)[0], prompt.split("\n", 1)[1]) for ps in prompts for prompt in ps]


@pytest.mark.parametrize(("command", "answer"), sessions(), ids=lambda text: text[:40])
def test_a_command_prints_what_the_readme_says(
    command: str,
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(REPOSITORY)
    feeding, _, words = command.rpartition(f"{PROGRAM} ")
    argv = ["sh", "-c", feeding.rstrip("| ")]
    fed = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fed)))
    main(shlex.split(words))
    assert "".join(capsys.readouterr()) == answer


def test_the_roles_are_the_examples() -> None:
    director, real_server = blocks("yaml")
    example = (REPOSITORY / "examples/dr/director.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(director) == yaml.safe_load(example)
    assert parse_role(director.encode(), "README.md").warnings == ()
    assert real_server in (REPOSITORY / "examples/dr/rs1.yaml").read_text(encoding="utf-8")
