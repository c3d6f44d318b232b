"""Imports point down the list of folders, in no circle; what is pure reaches no I/O by any way."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.golden import REPOSITORY

PACKAGE = REPOSITORY / "lvsboot"
# From the command line down to the leaves, which are modules: each uses what stands below it only.
FOLDERS = ["cli", "commands", "host", "render", "install", "announce", "role", "ipvs", "system"]
LEAVES = {"errors", "paths", "policy", "problem", "resources"}
# What is pure, as folders and modules; and of these what opens a file that travels with the code.
PURE = ["announce", "render", "role", "system.sysctl", "system.printable", "install.tree"]
READS_ITS_OWN_FILES = "resources"
# inet_pton(3) lives in socket, and is pure.
PARSES_ADDRESSES = {"ipvs.address", "ipvs.rules.fast_parser"}
IO = {"os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "pyroute2"}
# An image is baked where there is no IPVS: what writes its files must not need the kernel.
BAKES_IMAGES = ["render", "install", "role"]
KERNEL = {"ipvs.kernel", "ipvs.channel", "commands.service"}


def module_name(place: Path) -> str:
    parts = place.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(place): place for place in PACKAGE.rglob("*.py")}


@cache
def syntax(name: str) -> ast.Module:
    return ast.parse(SOURCES[name].read_text(encoding="utf-8"))


@cache
def imported(name: str) -> tuple[set[str], set[str]]:
    """Modules of lvsboot by their names below it, and the others' first names."""
    own, others = set(), set()
    for node in ast.walk(syntax(name)):
        match node:
            case ast.Import(names=aliases):
                names = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), names=aliases):
                names = [f"{module}.{alias.name}" for alias in aliases]
            case _:
                continue
        for path in names:
            first, _, rest = path.partition(".")
            if first == "lvsboot":
                own.add(rest if rest in SOURCES else rest.rpartition(".")[0])
            else:
                others.add(first)
    return own, others


def is_in(name: str, folders: list[str]) -> bool:
    return any(name == folder or name.startswith(f"{folder}.") for folder in folders)


def reached(name: str) -> set[str]:
    """The module and all that it imports, whatever way it takes."""
    found, waiting = set[str](), {name}
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= imported(module)[0] - found
    return found


def test_a_folder_stands_on_those_below_it() -> None:
    order = {folder: i for i, folder in enumerate(FOLDERS)}
    upwards = [
        f"{name} imports {other}"
        for name in SOURCES
        for other in imported(name)[0] - {""}
        if order.get(name.partition(".")[0], len(order))
        > order.get(other.partition(".")[0], len(order))
        and name != "__main__"
    ]
    assert not upwards


def test_the_folders_are_these() -> None:
    entries = {place.stem for place in PACKAGE.iterdir() if place.name != "__pycache__"}
    assert entries == {*FOLDERS, *LEAVES, "__init__", "__main__"}


def test_no_imports_go_in_circles() -> None:
    TopologicalSorter({name: imported(name)[0] - {name} for name in SOURCES}).prepare()


@pytest.mark.parametrize("name", [name for name in SOURCES if is_in(name, [*PURE, *LEAVES])])
def test_what_is_pure_reaches_no_io(name: str) -> None:
    for module in reached(name) - {READS_ITS_OWN_FILES}:
        used = imported(module)[1] & IO - ({"socket"} if module in PARSES_ADDRESSES else set())
        assert not used, f"{name} reaches {module}"


def test_what_draws_or_checks_does_no_io_itself() -> None:
    """It draws or judges what others have read, whose modules are in reach for their types."""
    for name in SOURCES:
        if is_in(name, ["cli.text", "commands.verify.checks"]):
            assert not imported(name)[1] & IO, name


def test_what_bakes_an_image_knows_nothing_of_the_kernel() -> None:
    for name in SOURCES:
        if is_in(name, BAKES_IMAGES):
            assert not reached(name) & KERNEL, name


def test_what_is_named_here_exists() -> None:
    named = [*PURE, *LEAVES, *BAKES_IMAGES, *KERNEL, *PARSES_ADDRESSES, READS_ITS_OWN_FILES]
    assert set(named) <= SOURCES.keys()


def test_only_the_command_line_prints_and_exits() -> None:
    for name in SOURCES:
        if is_in(name, ["cli"]) and not is_in(name, ["cli.text"]):
            continue
        names = {
            node.func.id
            for node in ast.walk(syntax(name))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not names & {"print", "exit"}, name


def test_the_command_line_itself_loads_no_third_party() -> None:
    script = "import sys, lvsboot.cli; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"yaml", "jsonschema", "jinja2", "pyroute2", "rich"}
