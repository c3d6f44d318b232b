"""The roles whose whole output is kept: `python -m tests.golden` writes tests/roles/ anew."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lvsboot.model import Backend
from lvsboot.render.host import render_host
from lvsboot.role import parse_role
from lvsboot.tree import Absence, File, Link, Tree

REPOSITORY = Path(__file__).parent.parent
ROLES = REPOSITORY / "tests" / "roles"


@dataclass(frozen=True, slots=True)
class Case:
    """An example as one network backend gets it; `name` is its folder in tests/roles/."""

    example: str
    backend: Backend

    @property
    def name(self) -> str:
        return f"{self.example.removesuffix('.yaml').replace('/', '-')}-{self.backend.value}"

    def render(self) -> Tree:
        place = REPOSITORY / "examples" / self.example
        role_file = parse_role(place.read_bytes(), self.example)
        return render_host(role_file.role, role_file.text, self.backend)


_WRITING = (Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN)
_EXAMPLES: dict[str, tuple[Backend, ...]] = {
    "dr/director.yaml": (*_WRITING, Backend.EXTERNAL),
    "dr/rs1.yaml": (*_WRITING, Backend.EXTERNAL),
    "dr/rs2.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "nat/director.yaml": (*_WRITING, Backend.EXTERNAL),
    "nat/rs1.yaml": (*_WRITING, Backend.EXTERNAL),
    "nat/rs2.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "fwmark/director.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "tun/director.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "tun/rs1.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "tun/rs2.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "ipv6/director.yaml": _WRITING,
    "ipv6/rs1.yaml": (Backend.NETWORKD,),
    "sync/director1.yaml": (Backend.NETWORKD, Backend.EXTERNAL),
    "sync/director2.yaml": (Backend.NETWORKD,),
    "external/director.yaml": (Backend.EXTERNAL,),
    "network/director.yaml": (*_WRITING, Backend.EXTERNAL),
}
CASES = tuple(
    Case(example, backend) for example, backends in _EXAMPLES.items() for backend in backends
)


def without_modes(tree: Tree) -> dict[str, File | Link]:
    """By path, as git keeps a tree: of the modes it knows only the execute bit."""
    return {
        entry.path: File(entry.path, entry.text) if isinstance(entry, File) else entry
        for entry in tree
        if not isinstance(entry, Absence)
    }


def read_tree(root: Path) -> dict[str, File | Link]:
    """Every file and link below `root`, by the path that its host sees."""
    entries: dict[str, File | Link] = {}
    for place in root.rglob("*"):
        path = f"/{place.relative_to(root)}"
        if place.is_symlink():
            entries[path] = Link(path, str(place.readlink()))
        elif place.is_file():
            entries[path] = File(path, place.read_text(encoding="utf-8"))
    return entries


def _write() -> None:
    shutil.rmtree(ROLES, ignore_errors=True)
    for case in CASES:
        for entry in case.render():
            place = ROLES / case.name / entry.path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            match entry:
                case File(text=text):
                    place.write_text(text, encoding="utf-8")
                case Link(target=target):
                    place.symlink_to(target)


if __name__ == "__main__":
    _write()
