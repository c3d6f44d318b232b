"""What applying a role would remove of the services and VIPs of ours that are live."""

# ruff: noqa: PTH110 - as all that shares StatePaths

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable

from lvsboot import paths
from lvsboot.commands import run_state
from lvsboot.commands.removal_guard import Removal, refusal_text, service_removal
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.errors import InputError, RemovalRefusedError
from lvsboot.host.live_network import LiveNetwork, read_live_network
from lvsboot.ipvs.kernel import open_kernel
from lvsboot.ipvs.table import Table
from lvsboot.render.rules import declared_table
from lvsboot.role.formats import Address
from lvsboot.role.model import Director, Owner, Role, Vip
from lvsboot.role.reader import RoleFile, parse_role
from lvsboot.system.textfiles import encode, read_text

_HOST = StatePaths()
_IPVS = "/proc/net/ip_vs"


def read_live_table() -> Table:
    """The kernel's table; raises NotPermittedError, HostError."""
    with open_kernel() as kernel:
        return kernel.read_table()


def role_refusal(
    role_file: RoleFile,
    *,
    places: StatePaths = _HOST,
    applied: str = paths.APPLIED_ROLE,
    ipvs: str = _IPVS,
    read_table: Callable[[], Table] = read_live_table,
    read_network: Callable[[], LiveNetwork] = read_live_network,
) -> str | None:
    """Why an apply would be refused: `removes 12 of 20 services (...)`; None where it would not.

    `ipvs` exists while the kernel has a table. Raises LvsbootError where something cannot be read.
    """
    services = _service_removal(role_file.role, places, ipvs, read_table)
    try:
        before = _applied_vips(applied, role_file.text)
    except InputError as error:
        problem = error.problems[0].message
        return (
            f"removes VIPs that cannot be counted: {applied} is wrong for this version ({problem})"
        )
    return refusal_text((*services, *_vip_removal(role_file.role, before, read_network)))


def refuse_apply(role_file: RoleFile) -> None:
    """Raises RemovalRefusedError where this role must not be applied unasked."""
    if text := role_refusal(role_file):
        raise RemovalRefusedError(
            f"refused: this role {text}. Nothing was changed: what was applied last stays in "
            "force. If that is meant, `lvsboot apply --allow-removal` does it"
        )


def _service_removal(
    role: Role,
    places: StatePaths,
    ipvs: str,
    read_table: Callable[[], Table],
) -> Iterable[Removal]:
    """As a reload would count it. A host that becomes a real server serves none of them."""
    ours = run_state.our_services(places)
    if not ours or not os.path.exists(ipvs):
        return ()
    desired = declared_table(role.kind).services if isinstance(role.kind, Director) else {}
    if not {*ours} - desired.keys():
        return ()
    return (service_removal(read_table().services, desired, ours),)


def _vip_removal(
    role: Role, before: Collection[Address], read_network: Callable[[], LiveNetwork]
) -> Iterable[Removal]:
    after = {vip.address if isinstance(vip, Vip) else vip for vip in role.kind.vips}
    if not (gone := [vip for vip in before if vip not in after]):
        return ()
    live = {found.interface.ip for found in read_network().addresses}
    removed = [str(vip) for vip in gone if vip in live]
    return (Removal("VIPs", removed, len(live & {*before}), len(after)),)


def _applied_vips(applied: str, new: str) -> Collection[Address]:
    """Of the role that was applied last, all but those that another program moves.

    Nothing where that is the new role, or where an apply is unfinished (docs/decisions/0019).
    """
    text = read_text(applied)
    if text is None or text == new:
        return ()
    kind = parse_role(encode(text), applied).role.kind
    if isinstance(kind, Director):
        return [vip.address for vip in kind.vips if vip.owner is Owner.LVSBOOT]
    return kind.vips
