"""What applying a role would change, in files and in the live table. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.desired import HOST, NO_CAUTIONS, Asked, Cautions, host_tree
from lvsboot.commands.real_server import VipChange, vip_changes
from lvsboot.commands.role_removal import read_live_table, role_refusal
from lvsboot.commands.roles import existing_root
from lvsboot.commands.weight_state import NOTHING_SET, WeightState, read_weight_state
from lvsboot.errors import LvsbootError
from lvsboot.host.live_network import LiveNetwork, read_live_network
from lvsboot.install.entries import read_entry
from lvsboot.install.files import Change, Remove, Restore, Write, plan_files, saved_path
from lvsboot.install.tree import Entry
from lvsboot.ipvs.changes import TableChange, diff
from lvsboot.ipvs.table import Table
from lvsboot.ipvs.weights import desired_table
from lvsboot.policy import Foreign
from lvsboot.render.rules import declared_table
from lvsboot.role.model import Director, RealServer
from lvsboot.role.reader import RoleFile

_NOTHING_ASKED = Asked()
_VIP_UNIT = re.compile(r".*/lvs\.service\.wants/lvs-vip@([^/]+)\.service")


@dataclass(frozen=True, slots=True)
class FileChange:
    """`before` and `after` are what stands at the path; None for nothing."""

    change: Change
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Plan:
    """`unseen` are sentences on what could not be compared, and why.

    `refusal` is why an apply would refuse, None where it would not. `weights` are those that a
    person has set, which an apply leaves.
    """

    files: tuple[FileChange, ...]
    table: tuple[TableChange, ...]
    unseen: tuple[str, ...]
    cautions: Cautions = NO_CAUTIONS
    vips: tuple[VipChange, ...] = ()
    refusal: str | None = None
    weights: WeightState = NOTHING_SET

    @property
    def is_empty(self) -> bool:
        return not (self.files or self.table or self.vips)


def make_plan(role_file: RoleFile, root: Path, asked: Asked = _NOTHING_ASKED) -> Plan:
    """Compares with this host, or with the files below `root`; needs no privileges.

    Raises HostError where `root` is no directory.
    """
    root = existing_root(root)
    tree, cautions = host_tree(role_file, root, asked)
    files = tuple(_file_change(change, root) for change in plan_files(tree, root))
    kind = role_file.role.kind
    if root != HOST:
        return Plan(files, (), (), cautions)
    table: tuple[TableChange, ...] = ()
    vips: tuple[VipChange, ...] = ()
    refusal, unseen, weights = None, [], NOTHING_SET
    # Each is read at most once, for the changes and for what apply would refuse.
    read_table, read_network = cache(read_live_table), cache(read_live_network)
    try:
        match kind:
            case Director():
                weights = read_weight_state(rulefiles.StatePaths())
                table = _table_changes(kind, read_table(), weights)
            case RealServer():
                vips = _vip_changes(kind, files, read_network())
    except LvsbootError as error:
        what = "live table was" if isinstance(kind, Director) else "live VIPs were"
        unseen.append(f"the {what} not looked at: {error}")
    try:
        refusal = role_refusal(role_file, read_table=read_table, read_network=read_network)
    except LvsbootError as error:
        unseen.append(f"whether apply would refuse to remove that much is not known: {error}")
    return Plan(files, table, tuple(unseen), cautions, vips, refusal, weights)


def _file_change(change: Change, root: Path) -> FileChange:
    return FileChange(change, read_entry(root, change.path), _after(change, root))


def _after(change: Change, root: Path) -> Entry | None:
    match change:
        case Write(entry=entry):
            return entry
        case Restore(path=path):
            return read_entry(root, saved_path(path))
        case Remove():
            return None


def _vip_changes(
    real_server: RealServer, files: Iterable[FileChange], network: LiveNetwork
) -> tuple[VipChange, ...]:
    """VIPs that an apply would bring up, and those whose units it would remove."""
    removed = [file.change.path for file in files if isinstance(file.change, Remove)]
    units = (_VIP_UNIT.fullmatch(path) for path in removed)
    former = [ip_address(found[1]) for found in units if found]
    return vip_changes(real_server, former, network)


def _table_changes(
    director: Director, actual: Table, state: WeightState
) -> tuple[TableChange, ...]:
    """As a reload under this role would change the table."""
    declared = declared_table(director)
    desired = desired_table(actual, declared, state.policy(director.weights), state.overrides)
    foreign = director.foreign_services is Foreign.REMOVE
    ours = None if foreign else run_state.our_services(rulefiles.StatePaths())
    return diff(actual, desired, ours=ours)
