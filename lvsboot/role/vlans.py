"""VLANs named after their link: lan0.100 is the VLAN 100 on lan0. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from lvsboot.role.model import Nic

_NAME = re.compile(r"(.+)\.([1-9]\d{0,3})", re.ASCII)
_LARGEST_ID = 4094  # IEEE 802.1Q; 4095 is reserved


class Vlan(NamedTuple):
    """`link` is the interface that carries the tagged packets."""

    name: str
    link: str
    id: int


def parse_vlan(name: str) -> Vlan | None:
    """The VLAN that ifupdown reads from the name; any interface may have such a name."""
    match = _NAME.fullmatch(name)
    if match is None or int(match[2]) > _LARGEST_ID:
        return None
    return Vlan(name, match[1], int(match[2]))


def own_vlans(nics: Iterable[Nic]) -> dict[str, Vlan]:
    """The role's VLANs by name: their link is in the role, and they have no MAC of a NIC."""
    nics = tuple(nics)
    names = {nic.name for nic in nics}
    found = (parse_vlan(nic.name) for nic in nics if nic.mac is None)
    return {vlan.name: vlan for vlan in found if vlan is not None and vlan.link in names}
