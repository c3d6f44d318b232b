"""The roles whose whole output is kept: `python -m tests.golden` writes tests/roles/ anew.

A case is a folder of tests/roles/. Its file `paths` lists all that the host gets, a line each:

    /etc/lvs/ipvs.rules                                  a file of the case's own folder
    /etc/systemd/system/lvs.service = units/lvs.service  a file of this repository, unchanged
    /etc/systemd/system/ipvsadm.service -> /dev/null     a symbolic link
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lvsboot.install.tree import Entry, File, Link, MovedAside, Tree
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role

REPOSITORY = Path(__file__).parent.parent
ROLES = REPOSITORY / "tests" / "roles"
LISTING = "paths"


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
    "cloud/director.yaml": _WRITING,
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
        if not isinstance(entry, MovedAside)
    }


def read_tree(root: Path) -> dict[str, File | Link]:
    """Every file and link below `root`, by the path that its host sees."""
    entries: dict[str, File | Link] = {}
    for place in root.rglob("*"):
        path = f"/{place.relative_to(root)}"
        if place.is_symlink():
            entries[path] = Link(path, str(place.readlink()))
        elif place.is_file():
            entries[path] = File(path, place.read_text(encoding="utf-8", errors="surrogateescape"))
    return entries


def golden_tree(name: str) -> dict[str, File | Link]:
    """What the case of this name keeps, by path."""
    entries: dict[str, File | Link] = {}
    for line in (ROLES / name / LISTING).read_text(encoding="utf-8").splitlines():
        path, kind, rest = [*line.split(" "), "", ""][:3]
        if kind == "->":
            entries[path] = Link(path, rest)
        else:
            place = REPOSITORY / rest if kind == "=" else ROLES / name / path[1:]
            entries[path] = File(path, place.read_text(encoding="utf-8"))
    return entries


def unpack(name: str, root: Path, below: str = "/") -> Path:
    """Writes the case's files and links into `root`; gives the folder that `below` is there."""
    for path, entry in golden_tree(name).items():
        if path.startswith(below):
            _write_entry(entry, root / path[1:])
    return root / below[1:]


def _write_entry(entry: Entry, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    match entry:
        case File(text=text):
            place.write_text(text, encoding="utf-8")
        case Link(target=target):
            place.symlink_to(target)


def _write() -> None:
    sources = {
        place.read_text(encoding="utf-8"): str(place.relative_to(REPOSITORY))
        for folder in ("examples", "units")
        for place in sorted((REPOSITORY / folder).rglob("*"))
        if place.is_file()
    }
    shutil.rmtree(ROLES, ignore_errors=True)
    for case in CASES:
        (ROLES / case.name).mkdir(parents=True)
        lines = []
        for path, entry in sorted(without_modes(case.render()).items()):
            match entry:
                case Link(target=target):
                    lines.append(f"{path} -> {target}")
                case File(text=text) if text in sources:
                    lines.append(f"{path} = {sources[text]}")
                case File():
                    lines.append(path)
                    _write_entry(entry, ROLES / case.name / path[1:])
        listing = "".join(f"{line}\n" for line in lines)
        (ROLES / case.name / LISTING).write_text(listing, encoding="utf-8")


if __name__ == "__main__":
    _write()
