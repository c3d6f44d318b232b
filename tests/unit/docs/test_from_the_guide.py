"""docs/from-the-guide.md: its lines are the examples', and what lvsboot writes is what it says."""

from __future__ import annotations

import re

import pytest

from lvsboot.install.tree import File
from lvsboot.role.model import Backend
from tests.golden import REPOSITORY, Case

PAGE = (REPOSITORY / "docs/from-the-guide.md").read_text(encoding="utf-8")
SNIPPET = re.compile(r"`([^`]+)`")


def sections() -> list[tuple[str, list[list[str]]]]:
    """Each example that a section names, with the cells of the rows below it."""
    found = []
    for section in PAGE.split("\n## ")[1:]:
        if named := re.search(r"^From \[examples/(\S+)\]", section, re.MULTILINE):
            rows = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)
            cells = [[cell.strip() for cell in row.split("|")] for row in rows]
            found.append((named[1], [row for row in cells if "the how-to" != row[0] != "---"]))
    return found


@pytest.mark.parametrize(("example", "rows"), sections(), ids=lambda value: str(value)[:20])
def test_each_row(example: str, rows: list[list[str]]) -> None:
    role = (REPOSITORY / "examples" / example).read_text(encoding="utf-8")
    lines = {line.strip().removeprefix("- ") for line in role.splitlines()}
    tree = {entry.path: entry for entry in Case(example, Backend.NETWORKD).render()}
    for _command, instead, written in rows:
        # Where a file is derived, the role's own line is named, or the row above has it.
        if written.strip():
            assert {*SNIPPET.findall(instead)} <= lines or "nothing" in instead, instead
        for part in filter(str.strip, written.split(", ")):
            line, _, path = part.strip().partition(" in ")
            names = [name.strip("`") for name in (line, path) if name]
            entry = tree[names[-1]]
            if path:
                assert isinstance(entry, File)
                assert names[0] in entry.text.splitlines()


def test_the_finder_finds() -> None:
    assert [example for example, _rows in sections()] == [
        "nat/rs1.yaml", "nat/director.yaml", "dr/director.yaml", "dr/rs1.yaml", "dr/director.yaml",
    ]  # fmt: skip
    assert sum(len(rows) for _example, rows in sections()) > 25
    # Every command of the how-to that changes the host.
    for command in ("ip_forward", "ipvsadm -A", "ipvsadm -a", "lo:0", "arp_announce", "-host"):
        assert f"{command}" in PAGE
