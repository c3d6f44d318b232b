"""The documents name keys, verbs, options and statuses that exist."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lvsboot.cli.parser import parse
from lvsboot.errors import Exit
from lvsboot.resources import ROLE_SCHEMA
from tests.golden import REPOSITORY

DOCUMENTS = [
    REPOSITORY / "README.md",
    REPOSITORY / "CHANGELOG.md",
    *sorted((REPOSITORY / "docs").rglob("*.md")),
]


def relative(place: Path) -> str:
    return str(place.relative_to(REPOSITORY))


def snippets(text: str) -> list[str]:
    """What stands between backticks, on one line each."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [" ".join(snippet.split()) for snippet in re.findall(r"`([^`]+)`", prose)]


def role_keys(schema: Any) -> Iterator[str]:
    match schema:
        case {"properties": dict(properties), **rest}:
            yield from properties
            yield from role_keys([*properties.values(), rest])
        case dict():
            yield from role_keys([*schema.values()])
        case list():
            for part in schema:
                yield from role_keys(part)


def keys_in(text: str) -> set[str]:
    """`key: value`, and what a sentence calls a key, or says that a role has or changes."""
    pairs = {found[1] for it in snippets(text) if (found := re.fullmatch(r"([a-z_]+): \S.*", it))}
    prose = " ".join(text.split())
    named = re.findall(
        r"\b(?:keys?|roles? (?:has|says|names|changes))\b(?: the)? `([a-z_.]+)`", prose
    )
    return pairs | {part for path in named for part in path.split(".")}


def commands_in(text: str) -> list[str]:
    """Each call of lvsboot with what is typed after it, up to the shell's next word."""
    lines = [line for block in re.findall(r"^```.*?^```$", text, re.DOTALL | re.MULTILINE)
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    called = (re.search(r"(?:^|[#$|] )(?:\S*/)?lvsboot( .*)$", line) for line in lines)
    typed = [found[1] for found in called if found]
    typed += [it.removeprefix("lvsboot") for it in snippets(text) if it.startswith("lvsboot ")]
    return [re.split(r"[|>;&]", words)[0].strip() for words in typed]


def test_the_finders_find() -> None:
    text = "a role changes `forward`, says `weights: keep`;\n```\n$ lvsboot plan x >y\n```\n"
    assert keys_in(text) == {"forward", "weights"}
    assert commands_in(text + "`lvsboot status --json`") == ["plan x", "status --json"]


@pytest.mark.parametrize("place", DOCUMENTS, ids=relative)
def test_keys_of_a_role_exist(place: Path) -> None:
    known = set(role_keys(json.loads(ROLE_SCHEMA.read_text(encoding="utf-8"))))
    assert keys_in(place.read_text(encoding="utf-8")) <= known


@pytest.mark.parametrize("place", DOCUMENTS, ids=relative)
def test_commands_exist(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands_in(place.read_text(encoding="utf-8")):
        typed = shlex.split(words.replace("[", "").replace("]", ""))
        # A verb's name alone stands for the verb.
        typed += ["--help"] if len(typed) == 1 else []
        try:
            parse(typed)
        except SystemExit as left:
            assert left.code == Exit.DONE, f"{words}: {capsys.readouterr().err}"


def test_every_exit_status_is_in_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Exit statuses")[1].split("\n## ")[0]
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert listed == {value for name, value in vars(Exit).items() if name.isupper()}
