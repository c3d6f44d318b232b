"""Finds the static units that a distribution's package has put below a root. Changes nothing."""

from __future__ import annotations

from pathlib import Path

from lvsboot import paths
from lvsboot.install.root_folder import RootFolder
from lvsboot.resources import UNITS


def packaged_units(root: Path) -> frozenset[str]:
    """The names of those units that are there with the bytes of this version's.

    Where a package of another version has put other ones, this version's go into /etc, which comes
    first: drop-ins and units that do not fit each other would be worse than a copy.
    """
    with RootFolder(root) as folder:
        return frozenset(
            unit.name
            for unit in UNITS.iterdir()
            if unit.suffix in {".service", ".path", ".target"}
            and folder.read_regular(f"{paths.PACKAGED_UNITS}/{unit.name}") == unit.read_bytes()
        )
