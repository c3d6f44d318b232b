"""The host's nftables table: marks, masquerading, and the filters of tunnelled packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs.table import Protocol
from lvsboot.render.templates import fill_template
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, Masquerade, RealServer, Role
from lvsboot.role.services import MarkedService, Ports
from lvsboot.role.tunnels import announced_mss, tunnel_devices


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark for packets to these ports of a VIP."""

    vip: Address
    protocol: Protocol
    ports: tuple[Ports, ...]
    mark: int


@dataclass(frozen=True, slots=True)
class Clamp:
    """The largest MSS announced from these VIPs, all of one family."""

    vips: tuple[Address, ...]
    mss: int


@dataclass(frozen=True, slots=True)
class NftTable:
    marks: tuple[Mark, ...] = ()
    masquerades: tuple[Masquerade, ...] = ()
    tunnel_devices: tuple[str, ...] = ()
    clamps: tuple[Clamp, ...] = ()


def render_nft(role: Role) -> Iterator[File]:
    """One file, and none where the role needs no table."""
    table = nft_table(role)
    if table != NftTable():
        yield File(paths.NFT, fill_template("lvs.nft", table=table))


def nft_table(role: Role) -> NftTable:
    match role.kind:
        case Director(masquerades=masquerades) as director:
            return NftTable(marks=tuple(_marks(director)), masquerades=masquerades)
        case RealServer() as real_server:
            return NftTable(
                tunnel_devices=tuple(device.name for device in tunnel_devices(real_server)),
                clamps=tuple(_clamps(real_server, role)),
            )


def _marks(director: Director) -> Iterator[Mark]:
    for service in director.services:
        if isinstance(service.identity, MarkedService):
            for match in service.matches:
                yield Mark(match.vip, match.protocol, match.ports, service.identity.mark)


def _clamps(real_server: RealServer, role: Role) -> Iterator[Clamp]:
    end = real_server.tunnel
    if end is None:
        return
    for version in (4, 6):
        vips = tuple(vip for vip in real_server.vips if vip.version == version)
        if vips:
            yield Clamp(vips, announced_mss(end, vips[0], role.nics))
