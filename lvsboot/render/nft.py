"""The host's nftables table: marks, masquerading, and the filters of tunnelled packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.templates import fill_template
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.services import MarkedService, Match
from lvsboot.role.tunnels import announced_mss, tunnel_devices

_EMPTY: dict[str, Sequence[object]] = dict.fromkeys(
    ("marks", "masquerades", "tunnel_devices", "clamps"), ()
)


def render_nft(role: Role) -> Iterator[File]:
    """One file, and none where the role needs no table."""
    table: dict[str, Sequence[object]]
    match role.kind:
        case Director() as director:
            table = {"marks": [*_marks(director)], "masquerades": director.masquerades}
        case RealServer() as real_server:
            devices = [device.name for device in tunnel_devices(real_server)]
            table = {"tunnel_devices": devices, "clamps": [*_clamps(real_server, role)]}
    if any(table.values()):
        yield File(paths.NFT, fill_template("lvs.nft", **{**_EMPTY, **table}))


def _marks(director: Director) -> Iterator[tuple[int, Match]]:
    """Each match with its service's mark."""
    for service in director.services:
        if isinstance(service.identity, MarkedService):
            for match in service.matches:
                yield service.identity.mark, match


def _clamps(real_server: RealServer, role: Role) -> Iterator[tuple[int, list[Address]]]:
    """The largest MSS to announce, with the VIPs of one family."""
    for version in (4, 6):
        vips = [vip for vip in real_server.vips if vip.version == version]
        if vips and real_server.tunnel is not None:
            yield announced_mss(real_server.tunnel, vips[0], role.nics), vips
