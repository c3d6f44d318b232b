"""docs/architecture.md names modules that exist, and its picture of the folders is true."""

from __future__ import annotations

import re

import pytest

from tests.golden import REPOSITORY
from tests.unit.test_layers import FOLDERS, LEAVES, SOURCES, imported

PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
WALK, FOLDERS_PICTURE = re.findall(r"^```mermaid\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
# A path, as in `role/validation.py`, `ipvs/rules/` or `tests/unit`.
PATHS = set(re.findall(r"(?<![\w./-])[a-z_]+(?:/[a-z_]+)*(?:\.py|/)(?![\w.-])", PAGE))


def imports() -> dict[str, set[str]]:
    """Each folder with the folders that it imports from."""
    found: dict[str, set[str]] = {folder: set() for folder in FOLDERS}
    for name in SOURCES:
        folder = name.partition(".")[0]
        if folder in found:
            found[folder] |= {other.partition(".")[0] for other in imported(name)[0]}
    return {folder: (others & {*FOLDERS}) - {folder} for folder, others in found.items()}


def reached(folder: str, direct: dict[str, set[str]]) -> set[str]:
    return direct[folder].union(*(reached(other, direct) for other in direct[folder]))


def test_the_page_names_the_modules_of_the_walk() -> None:
    assert {"role/validation.py", "ipvs/rules/", "ipvs/encode.py"} <= PATHS
    assert re.search(r"ipvs/encode\.py", WALK)


@pytest.mark.parametrize("path", sorted(PATHS))
def test_what_the_page_names_exists(path: str) -> None:
    assert (REPOSITORY / "lvsboot" / path).exists() or (REPOSITORY / path).exists()


def test_the_pictures_folders_are_those_of_the_layers_in_their_order() -> None:
    assert re.findall(r'^    (\w+)\["', FOLDERS_PICTURE, re.MULTILINE) == FOLDERS
    assert {f"{name}.py" for name in LEAVES} <= PATHS


def test_an_arrow_is_an_import_that_no_other_arrows_imply() -> None:
    direct = imports()
    arrows = set(re.findall(r"^    (\w+) --> (\w+)$", FOLDERS_PICTURE, re.MULTILINE))
    assert arrows == {
        (folder, other)
        for folder in FOLDERS
        for other in direct[folder]
        if not any(other in reached(between, direct) for between in direct[folder])
    }
