"""What applying a role would change, in files and in the live table. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvsboot.commands import memory, rulefiles
from lvsboot.commands.desired import HOST, NO_CAUTIONS, Cautions, host_tree
from lvsboot.commands.roles import require_directory
from lvsboot.errors import LvsbootError
from lvsboot.files import BringBack, Change, Remove, Write, plan_files, read_entry, saved_path
from lvsboot.ipvs.changes import TableChange, diff, keep_weights
from lvsboot.ipvs.kernel import open_kernel
from lvsboot.model import Backend, Director
from lvsboot.policy import Foreign, Weights
from lvsboot.render.rules import declared_table
from lvsboot.role import RoleFile
from lvsboot.tree import Entry


@dataclass(frozen=True, slots=True)
class FileChange:
    """`before` and `after` are what stands at the path; None for nothing."""

    change: Change
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Plan:
    """`unseen` are sentences on what could not be compared, and why."""

    files: tuple[FileChange, ...]
    table: tuple[TableChange, ...]
    unseen: tuple[str, ...]
    cautions: Cautions = NO_CAUTIONS

    @property
    def is_empty(self) -> bool:
        return not self.files and not self.table


def make_plan(role_file: RoleFile, root: Path, backend: Backend | None = None) -> Plan:
    """Against this host, or against the files below `root`; runs without privileges.

    `backend` is taken in place of the role's.
    Raises HostError where `root` is no directory.
    """
    require_directory(root)
    tree, cautions = host_tree(role_file, root, backend)
    files = tuple(_file_change(change, root) for change in plan_files(tree, root))
    duty = role_file.role.duty
    if root != HOST or not isinstance(duty, Director):
        return Plan(files, (), (), cautions)
    try:
        return Plan(files, _table_changes(duty), (), cautions)
    except LvsbootError as error:
        return Plan(files, (), (f"the live table was not looked at: {error}",), cautions)


def _file_change(change: Change, root: Path) -> FileChange:
    return FileChange(change, read_entry(root, change.path), _after(change, root))


def _after(change: Change, root: Path) -> Entry | None:
    match change:
        case Write(entry=entry):
            return entry
        case BringBack(path=path):
            return read_entry(root, saved_path(path))
        case Remove():
            return None


def _table_changes(director: Director) -> tuple[TableChange, ...]:
    """As a reload under this role would change the table."""
    desired = declared_table(director)
    with open_kernel() as kernel:
        actual = kernel.read_table()
    if director.weights is Weights.KEEP:
        desired = keep_weights(actual, desired)
    foreign = director.foreign_services is Foreign.REMOVE
    ours = None if foreign else memory.our_services(rulefiles.Places())
    return diff(actual, desired, ours=ours)
