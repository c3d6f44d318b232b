"""The verbs on a role file: render, apply and the rest. Returns facts, prints nothing."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from lvsboot import paths
from lvsboot.commands.activation import activate, note_changes
from lvsboot.commands.desired import HOST, NO_CAUTIONS, NOTHING_ASKED, Asked, Cautions, host_tree
from lvsboot.errors import HostError
from lvsboot.host.packaged_units import packaged_units
from lvsboot.install.entries import read_entry
from lvsboot.install.files import Change, install_tree, plan_files
from lvsboot.install.image_lock import ImageLock
from lvsboot.install.tree import Tree
from lvsboot.render.units import leave_to_package, render_units
from lvsboot.role.reader import RoleFile
from lvsboot.system.lock import Lock, Log, log_nothing
from lvsboot.system.os_errors import translate_os_errors


class Rendering(NamedTuple):
    """`tree` is what the root should have, `changes` what was written, `left` the edited files."""

    tree: Tree
    changes: tuple[Change, ...]
    left: tuple[Change, ...]
    cautions: Cautions = NO_CAUTIONS


def render(
    role_file: RoleFile,
    root: Path,
    asked: Asked = NOTHING_ASKED,
    *,
    replace_edited: bool = False,
    strict: bool = False,
    log: Log = log_nothing,
) -> Rendering:
    """Writes everything that the role needs below `root`, but over no file that was edited.

    With `strict` ConflictError where other files of the image would undo the role, or where the
    image lacks what it needs: nothing is written then.
    """
    root = existing_root(root)
    with ExitStack() as locks:
        locks.enter_context(_files_lock(root, "render", log))
        if root == HOST:
            locks.enter_context(Lock(paths.TABLE_LOCK, "render", log))
        tree, cautions = host_tree(role_file, root, asked, bakes=True)
        if strict:
            cautions.refuse()
        changes, left = install_tree(tree, root, replace_edited=replace_edited)
    return Rendering(tree, changes, left, cautions)


def apply(
    role_file: RoleFile,
    *,
    block: bool,
    before_network: bool = False,
    strict: bool = False,
    allow_removal: bool = False,
    log: Log = log_nothing,
) -> Rendering:
    """Renders onto this host, over edited files too, and brings the running system to it.

    block=False inside a boot. With `before_network` that boot has not begun to configure NICs: what
    configures them is only started.

    Raises RemovalRefusedError before anything is written where most of the live services or VIPs
    of ours would go, unless `allow_removal`.

    APPLIED_ROLE is written last: until then every verb and the provisioner see a role that has not
    been applied, as after an apply that failed or was killed.
    """
    with _files_lock(HOST, "apply", log):
        # A start must not read half a role. The reload below takes this lock itself.
        with Lock(paths.TABLE_LOCK, "apply", log):
            tree, cautions = host_tree(role_file, HOST, applies=True, boots=not block)
            if strict:
                cautions.refuse()
            if not allow_removal:
                # Here, as what counts a live table is more to import than a boot needs.
                from lvsboot.commands.role_removal import refuse_apply  # noqa: PLC0415

                refuse_apply(role_file)
            planned = plan_files(tree, HOST)
            note_changes(
                planned, {change.path: read_entry(HOST, change.path) for change in planned}
            )
            install_tree(tree, HOST, replace_edited=True, is_applied=False)
        waiting = activate(
            role_file.role,
            tree,
            block=block,
            before_network=before_network,
            allow_removal=allow_removal,
        )
        mark = tuple(entry for entry in tree if entry.path == paths.APPLIED_ROLE)
        install_tree(mark, HOST, replace_edited=True, keep_others=True)
    sentences = (*cautions.sentences, *waiting)
    return Rendering(tree, planned, (), cautions._replace(sentences=sentences))


def install_units(root: Path, *, log: Log = log_nothing) -> Rendering:
    """Puts the units below `root` and enables the provisioner: an image that waits for a role.

    Units that a package has put there need no copy: one that lvsboot wrote before goes.
    """
    root = existing_root(root)
    with _files_lock(root, "install-units", log):
        units = tuple(render_units())
        tree = tuple(leave_to_package(units, packaged_units(root)))
        left_out = {entry.path for entry in units} - {entry.path for entry in tree}
        return Rendering(tree, *install_tree(tree, root, keep_others=True, but=left_out))


def _files_lock(root: Path, verb: str, log: Log) -> Lock:
    return Lock(paths.FILES_LOCK, verb, log) if root == HOST else ImageLock(root, verb, log)


def existing_root(root: Path) -> Path:
    """The root, which is HOST by whatever name; HostError where there is no such folder."""
    with translate_os_errors("look into", root):
        is_directory = root.is_dir()
        is_host = is_directory and root.samefile(HOST)
    if not is_directory:
        raise HostError(f"{root} is not a directory: make it, or unpack the image there first")
    return HOST if is_host else root
