"""The static systemd units, and the links that enable them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import Entry, File, Link, MovedAside
from lvsboot.resources import UNITS
from lvsboot.role.formats import Address

KEEP = "lvs-vip-keep.path"
_NFT = "lvs-nft.service"
# The targets that want them.
_PROVISIONERS = {
    "lvs-provision.service": "multi-user.target",
    "lvs-provision-early.service": "sysinit.target",
}


def render_units() -> Iterator[Entry]:
    """The units that every host and image has; of these only the provisioners are enabled."""
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.path"))):
        yield static_unit(unit.name)
    for name, target in _PROVISIONERS.items():
        yield wanted(target, name)


def leave_to_package(
    tree: Iterable[Entry | MovedAside], packaged: Collection[str]
) -> Iterator[Entry | MovedAside]:
    """The tree for a root whose package has the units of these names: without copies of them.

    Links lead to the package's units. It also enables the provisioners itself, so that whoever
    disables them is not overruled.
    """
    enabled = tuple(f"/{target}.wants/{unit}" for unit, target in _PROVISIONERS.items())
    copies = {f"{paths.UNITS}/{name}": f"{paths.PACKAGED_UNITS}/{name}" for name in packaged}
    for entry in tree:
        match entry:
            case Link(path=path, target=target) if target in copies:
                if not path.endswith(enabled):
                    yield Link(path, copies[target])
            case _ if entry.path not in copies:
                yield entry


def render_nft_unit() -> Iterator[Entry]:
    """Enables lvs-nft.service, also after nftables.service, which flushes its table."""
    yield wanted("sysinit.target", _NFT)
    yield wanted("lvs.service", _NFT)
    yield static_unit("nftables.service.d/lvs.conf")


def vip_unit(address: Address) -> str:
    return f"lvs-vip@{address}.service"


def static_unit(name: str, path: str | None = None) -> File:
    """A file of units/, at its place among systemd's unless `path` names another."""
    return File(path or f"{paths.UNITS}/{name}", (UNITS / name).read_text(encoding="utf-8"))


def wanted(by: str, unit: str) -> Link:
    """The link by which `by` starts `unit`, to the template where that is an instance."""
    template, at, _instance = unit.partition("@")
    target = f"{template}@.service" if at else unit
    return Link(f"{paths.UNITS}/{by}.wants/{unit}", f"{paths.UNITS}/{target}")
