"""ifupdown's file for a role's NICs and a director's VIPs on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.nics import NicSetup, render_link
from lvsboot.render.templates import fill_template


def render_ifupdown(setups: Iterable[NicSetup]) -> Iterator[File]:
    """One file for all NICs, and a .link for each that is named by its MAC."""
    setups = tuple(setups)
    yield File(paths.IFUPDOWN_FILE, fill_template("interfaces", setups=setups))
    for setup in setups:
        if setup.nic.mac is not None:
            yield render_link(setup.nic)
