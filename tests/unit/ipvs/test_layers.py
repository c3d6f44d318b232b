"""What of the engine is pure imports no I/O, and the start path imports little."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[3] / "lvsboot" / "ipvs"
# inet_pton(3) lives in socket, and is pure; os.strerror() is a table.
ALLOWED = {"address.py": {"socket"}, "fast_parser.py": {"socket"}, "refusals.py": {"os"}}
IO = {"os", "pathlib", "socket", "subprocess", "tempfile"}
SPEAKS_TO_THE_KERNEL = {"channel.py", "kernel.py"}
# What no start needs, on whose way to the kernel each import costs time.
HEAVY = {"argparse", "dataclasses", "inspect", "ipaddress", "json", "pathlib", "subprocess"}


def imports(place: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module.partition(".")[0])
    return names


@pytest.mark.parametrize("place", sorted(ENGINE.rglob("*.py")), ids=lambda place: place.name)
def test_a_pure_module_imports_no_io(place: Path) -> None:
    if place.name not in SPEAKS_TO_THE_KERNEL:
        assert not imports(place) & IO - ALLOWED.get(place.name, set())


def test_a_start_loads_the_standard_library_only_and_little_of_it() -> None:
    script = "import sys, lvsboot.commands.service; print('\\n'.join(sys.modules))"
    # -S: an editable installation's own start-up imports are not ours.
    done = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ENGINE.parents[1],
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & HEAVY
    assert loaded - {"lvsboot", "__main__"} <= set(sys.stdlib_module_names)
