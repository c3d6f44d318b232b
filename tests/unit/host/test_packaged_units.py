"""A root whose package has the units: no copies of them, and links that lead to the package's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lvsboot import paths
from lvsboot.commands.desired import Asked
from lvsboot.commands.roles import install_units, render
from lvsboot.host.packaged_units import packaged_units
from lvsboot.install.manifest import known_paths
from lvsboot.install.tree import File, Link
from lvsboot.resources import UNITS
from lvsboot.role.model import Backend
from lvsboot.role.reader import RoleFile, parse_role
from tests.golden import REPOSITORY, read_tree
from tests.images import complete_image

STATIC = {unit.name for unit in UNITS.iterdir() if unit.suffix in {".service", ".path", ".target"}}
PROVISIONERS = {
    f"{paths.UNITS}/multi-user.target.wants/lvs-provision.service",
    f"{paths.UNITS}/sysinit.target.wants/lvs-provision-early.service",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An image into which nothing has put units."""
    (tmp_path / "image/etc").mkdir(parents=True)
    return tmp_path / "image"


def add_package(root: Path) -> Path:
    """Puts the units there as the package does, into a whole system; gives their folder."""
    complete_image(root)
    folder = root / paths.PACKAGED_UNITS[1:]
    folder.mkdir(parents=True)
    for name in STATIC:
        shutil.copyfile(UNITS / name, folder / name)
    return folder


def role(example: str) -> RoleFile:
    place = REPOSITORY / "examples" / example
    return parse_role(place.read_bytes(), example)


def test_only_units_with_the_same_bytes_count(root: Path) -> None:
    assert packaged_units(root) == set()
    folder = add_package(root)
    assert packaged_units(root) == STATIC
    (folder / "lvs.service").write_text("[Unit]\n", encoding="utf-8")
    (folder / "lvs-save.service").unlink()
    assert packaged_units(root) == STATIC - {"lvs.service", "lvs-save.service"}


@pytest.mark.parametrize(
    "example", ["dr/director.yaml", "tun/rs2.yaml", "nat/director.yaml", "sync/director1.yaml"]
)
def test_a_role_gets_drop_ins_and_links_only(root: Path, example: str) -> None:
    add_package(root)
    render(role(example), root, Asked(Backend.NETWORKD))
    tree = read_tree(root)
    folder = f"{paths.UNITS}/"
    written = {path.removeprefix(folder) for path in tree if path.startswith(folder)}
    files = {name for name in written if isinstance(tree[folder + name], File)}
    assert {name for name in files if "/" not in name} <= {"lvs-vips-up.target"}
    for name in written - files:
        entry = tree[folder + name]
        assert isinstance(entry, Link)
        if entry.target != "/dev/null":
            assert Path(entry.target).parent == Path(paths.PACKAGED_UNITS)
            assert Path(entry.target).name in STATIC or "networkd" in entry.target
    # The package enables them, or the administrator has disabled them.
    assert not PROVISIONERS & tree.keys()


def test_both_roots_have_the_same_but_for_copies_and_links(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    add_package(root)
    complete_image(other)
    for place in (root, other):
        render(role("dr/rs1.yaml"), place, Asked(Backend.NETWORKD))
    packaged, copied = read_tree(root), read_tree(other)
    copies = {f"{paths.UNITS}/{name}" for name in STATIC}
    vendor = {f"{paths.PACKAGED_UNITS}/{name}" for name in STATIC}
    assert packaged.keys() - vendor == copied.keys() - copies - PROVISIONERS
    for path, entry in packaged.items():
        if path not in vendor | {paths.MANIFEST} and isinstance(entry, File):
            assert copied[path] == entry


def test_a_package_takes_over_from_install_units(root: Path) -> None:
    install_units(root)
    assert read_tree(root).keys() >= PROVISIONERS
    add_package(root)
    install_units(root)
    assert not [path for path in read_tree(root) if path.startswith("/etc/systemd/")]
    assert known_paths(root) == set()


def test_a_package_takes_over_from_a_role(root: Path) -> None:
    render(role("dr/director.yaml"), root, Asked(Backend.NETWORKD))
    add_package(root)
    rendering = render(role("dr/director.yaml"), root, Asked(Backend.NETWORKD))
    changed = {change.path for change in rendering.changes}
    assert changed
    assert all(path.startswith(f"{paths.UNITS}/") for path in changed)
    tree = read_tree(root)
    assert tree[f"{paths.UNITS}/sysinit.target.wants/lvs.service"] == Link(
        f"{paths.UNITS}/sysinit.target.wants/lvs.service", f"{paths.PACKAGED_UNITS}/lvs.service"
    )
    assert f"{paths.UNITS}/lvs.service" not in tree


def test_an_edited_copy_stays(root: Path) -> None:
    """It is the administrator's unit now, and comes before the package's."""
    install_units(root)
    edited = root / paths.UNITS[1:] / "lvs-save.service"
    edited.write_text(edited.read_text() + "# mine\n", encoding="utf-8")
    add_package(root)
    install_units(root)
    assert edited.read_text().endswith("# mine\n")
    assert known_paths(root) == {f"{paths.UNITS}/lvs-save.service"}


def test_a_role_stays_when_a_package_takes_over_without_it(root: Path) -> None:
    """As after an apply that failed: only the units' copies go."""
    render(role("dr/director.yaml"), root, Asked(Backend.NETWORKD))
    before = read_tree(root)
    add_package(root)
    install_units(root)
    gone = before.keys() - read_tree(root).keys()
    assert gone == ({f"{paths.UNITS}/{name}" for name in STATIC} & before.keys()) | PROVISIONERS
