"""Rules on a real server."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.role.constraints.findings import NETWORK, key_error, warning
from lvsboot.role.constraints.host_networks import HostNetworks
from lvsboot.role.constraints.tunnels import tunnel_end_findings
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.model import Dhcp, RealServer, Role

_PATH: Path = ("real_server",)


def real_server_findings(
    real_server: RealServer, role: Role, networks: HostNetworks
) -> Iterator[Finding]:
    for i, vip in enumerate(real_server.vips):
        yield from networks.vip_error(vip, (*_PATH, "vips", i))
    if real_server.director is not None:
        yield from _director(real_server.director, networks)
    if real_server.method is ForwardingMethod.NAT:
        yield from _nat(real_server, role)
    else:
        yield from _direct(real_server)
    if real_server.tunnel is not None:
        yield from tunnel_end_findings(real_server, real_server.tunnel, role)


def _nat(real_server: RealServer, role: Role) -> Iterator[Finding]:
    if real_server.vips:
        yield key_error((*_PATH, "vips"), "a nat real server holds no VIP", "remove vips")
    if real_server.director is None:
        hint = "nat answers go back through it"
        yield key_error(_PATH, "'director' is missing", hint, depends_on=((*_PATH, "director"),))
    elif role.nics:
        yield from _gateway(real_server.director, role)


def _director(director: Address, networks: HostNetworks) -> Iterator[Finding]:
    path = (*_PATH, "director")
    yield from networks.host_error(director, path)
    if director in networks.own:
        message, conflict = f"{director} is this host's own address", networks.own[director]
        yield Finding(path, message, "the director is another host", conflicts_with=conflict)


def _gateway(director: Address, role: Role) -> Iterator[Finding]:
    if any(nic.dhcp is not Dhcp.NO for nic in role.nics):
        return  # the gateway may arrive by DHCP
    if not any(director in nic.gateways for nic in role.nics):
        message = f"{director} is no interface's gateway: answers would bypass the director"
        hint = f"gateway{'6' if director.version == 6 else ''}: {director}"
        yield warning((*_PATH, "director"), message, hint, depends_on=(NETWORK,))


def _direct(real_server: RealServer) -> Iterator[Finding]:
    if not real_server.vips:
        hint = f"{real_server.method.value} packets arrive addressed to the VIP"
        yield key_error(_PATH, "'vips' is missing", hint, depends_on=((*_PATH, "vips"),))
    if real_server.director is not None:
        message = "'director' is only for nat"
        hint = f"{real_server.method.value} answers go straight to the client"
        yield key_error((*_PATH, "director"), message, hint)
