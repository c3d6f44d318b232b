"""The verbs on a role file: render, apply, import and the rest. Returns facts, prints nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvsboot.atomic import write_file
from lvsboot.cloudinit import render_seed
from lvsboot.commands.activation import activate
from lvsboot.commands.desired import HOST, NO_CAUTIONS, Cautions, host_tree
from lvsboot.commands.rulefiles import RulesFile, read_rules
from lvsboot.document import MAX_BYTES
from lvsboot.errors import HostError, InputError, NotPermittedError
from lvsboot.files import Change, install_tree, plan_files, read_entry
from lvsboot.importing import Imported, import_table
from lvsboot.problem import Problem, Span
from lvsboot.render.units import render_units
from lvsboot.role import RoleFile, parse_role
from lvsboot.tree import Tree


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a root should have, what was changed for it, and what was left as a person wrote it."""

    tree: Tree
    changes: tuple[Change, ...]
    left: tuple[Change, ...]
    cautions: Cautions = NO_CAUTIONS


def read_role(file: str, stdin: bytes | None = None) -> RoleFile:
    """The role in `file`, or in `stdin` for "-"; InputError with every problem in it."""
    if stdin is not None:
        return parse_role(stdin, "<stdin>")
    try:
        with Path(file).open("rb") as stream:
            # One byte more than may be, so that a larger file is seen as one.
            return parse_role(stream.read(MAX_BYTES + 1), file)
    except OSError as error:
        message = f"cannot read the role file: {error.strerror}"
        raise InputError([Problem(file, Span(1), message)]) from error


def render(role_file: RoleFile, root: Path, *, replace_edited: bool = False) -> Rendering:
    """Writes everything that the role needs below `root`, but over no file that was edited."""
    require_directory(root)
    tree, cautions = host_tree(role_file, root)
    changes, left = install_tree(tree, root, replace_edited=replace_edited)
    return Rendering(tree, changes, left, cautions)


def apply(role_file: RoleFile, *, block: bool) -> Rendering:
    """Renders onto this host, over edited files too, and brings the running system to it."""
    tree, cautions = host_tree(role_file, HOST)
    before = {change.path: read_entry(HOST, change.path) for change in plan_files(tree, HOST)}
    changes, left = install_tree(tree, HOST, replace_edited=True)
    waiting = activate(role_file.role, tree, changes, before, block=block)
    sentences = (*cautions.sentences, *waiting)
    return Rendering(tree, changes, left, Cautions(cautions.problems, sentences))


def install_units(root: Path) -> Rendering:
    """Puts the units below `root` and enables the provisioner: an image that waits for a role."""
    require_directory(root)
    tree = tuple(render_units())
    return Rendering(tree, *install_tree(tree, root, keep_others=True))


def import_rules(file: str, stdin: bytes | None = None) -> Imported:
    """The role that the rules in `file` stand for; InputError with every problem in them."""
    if stdin is None:
        return import_table(read_rules(file).table())
    text = stdin.decode("utf-8", "surrogateescape")
    return import_table(RulesFile("<stdin>", text).table())


def cloud_init(role_file: RoleFile, directory: Path) -> tuple[Path, ...]:
    """Writes the NoCloud seed into `directory`, which is made if need be; gives the files."""
    _make_directory(directory)
    written = []
    for file in render_seed(role_file.role, role_file.text):
        place = directory / file.path
        try:
            write_file(str(place), file.text.encode(), file.mode)
        except OSError as error:
            raise HostError(f"cannot write {place}: {error.strerror}") from error
        written.append(place)
    return tuple(written)


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(exist_ok=True)
    except PermissionError as error:
        raise NotPermittedError(f"cannot make {directory}: {error.strerror}") from error
    except OSError as error:
        raise HostError(f"cannot make {directory}: {error.strerror}") from error


def require_directory(directory: Path) -> None:
    try:
        is_directory = directory.is_dir()
    except PermissionError as error:
        raise NotPermittedError(f"cannot look into {directory}: {error.strerror}") from error
    if not is_directory:
        raise HostError(f"{directory} is not a directory: make it, or unpack the image there first")
