"""Imports point down: what is pure does no I/O, and the start path loads no third party."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "lvsboot"
PURE = [
    "problem", "errors", "tree", "model", "defaults", "formats", "document", "director",
    "aliases", "composer", "places", "assertions", "checks", "complaints", "schema", "soundness",
    "cloudinit", "paths",
    "tunnels", "vlans", "policy", "importing", "sketch", "announcing.frames", "announcing.links",
    "nics.addresses", "nics.globs", "nics.interfaces", "nics.mtu", "nics.netplan", "nics.networkd",
    *(f"constraints.{place.stem}" for place in PACKAGE.glob("constraints/*.py")),
    # Filling a template opens its file.
    *(f"render.{place.stem}" for place in PACKAGE.glob("render/*.py") if place.stem != "templates"),
]  # fmt: skip
IO = {"os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "pyroute2"}
FILES_ONLY = {"lvsboot.ipvs.kernel", "lvsboot.ipvs.wire", "lvsboot.commands.service"}


def imports(place: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module)
    return names


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_imports_no_io(module: str) -> None:
    found = imports(PACKAGE / f"{module.replace('.', '/')}.py")
    assert not {name.split(".")[0] for name in found} & IO


def test_what_bakes_an_image_knows_nothing_of_the_kernel() -> None:
    for place in [*PACKAGE.glob("render/*.py"), PACKAGE / "files.py", PACKAGE / "role.py"]:
        assert not imports(place) & FILES_ONLY, place


def test_only_the_command_line_prints_and_exits() -> None:
    for place in PACKAGE.rglob("*.py"):
        if place.parent.name == "cli":
            continue
        names = {
            node.func.id
            for node in ast.walk(ast.parse(place.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not names & {"print", "exit"}, place


def test_the_command_line_itself_loads_no_third_party() -> None:
    script = "import sys, lvsboot.cli; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"yaml", "jsonschema", "jinja2", "pyroute2", "rich"}
