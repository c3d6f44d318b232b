"""Rules on a real server."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.constraints.findings import key_error, warning
from lvsboot.document import Finding, Path
from lvsboot.formats import Address
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.model import Dhcp, RealServer, Role

_PATH: Path = ("real_server",)


def real_server_findings(real_server: RealServer, role: Role) -> Iterator[Finding]:
    if real_server.method is ForwardingMethod.NAT:
        yield from _nat(real_server, role)
    else:
        yield from _direct(real_server)


def _nat(real_server: RealServer, role: Role) -> Iterator[Finding]:
    if real_server.vips:
        yield key_error((*_PATH, "vips"), "a nat real server holds no VIP", "take vips away")
    if real_server.director is None:
        yield key_error(_PATH, "'director' is missing", "nat answers go back through it")
    elif role.nics:
        yield from _gateway(real_server.director, role)


def _gateway(director: Address, role: Role) -> Iterator[Finding]:
    if any(nic.dhcp is not Dhcp.NO for nic in role.nics):
        return  # the gateway may arrive by DHCP
    gateways = {nic.gateway for nic in role.nics} | {nic.gateway6 for nic in role.nics}
    if director not in gateways:
        message = f"{director} is no interface's gateway: answers would bypass the director"
        yield warning((*_PATH, "director"), message, f"gateway: {director}")


def _direct(real_server: RealServer) -> Iterator[Finding]:
    if not real_server.vips:
        yield key_error(_PATH, "'vips' is missing", "dr packets arrive addressed to the VIP")
    if real_server.director is not None:
        message = "'director' is only for nat"
        yield key_error((*_PATH, "director"), message, "dr answers go straight to the client")
