"""The verbs import, schema and install-units; and files and folders as verbs' arguments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lvsboot.cli.output import log, print_changes, print_problems
from lvsboot.errors import Exit, InputError
from lvsboot.problem import STANDARD_INPUT
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lvsboot.role.reader import RoleFile


def import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rules",
        metavar="FILE",
        help="what ipvsadm -Sn printed, or a file or script that sets it; - for standard input",
    )


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    pass


def _install_units_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", metavar="DIR", default="/", help="an unpacked image's root")


def path_of(text: str) -> Path:
    """The argument as a Path. The parser makes none, so that `start` does not import pathlib."""
    from pathlib import Path

    return Path(text)


def standard_input(file: str) -> bytes | None:
    """What stands in for a file named -."""
    from lvsboot.cli.streams import read_input
    from lvsboot.role.document import MAX_BYTES

    return read_input(MAX_BYTES + 1) if file == "-" else None


def strict_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def read_role_argument(arguments: argparse.Namespace, *, from_anybody: bool = True) -> RoleFile:
    """The role, its warnings shown; with --strict they are InputError."""
    from lvsboot.commands.role_file import read_role

    stdin = standard_input(arguments.role)
    role_file = read_role(arguments.role, stdin, from_anybody=from_anybody)
    if arguments.strict and role_file.warnings:
        raise InputError(role_file.warnings)
    print_problems(role_file.warnings)
    return role_file


def shown_name(file: str) -> str:
    return STANDARD_INPUT if file == "-" else printable_line(file)


def run_import(arguments: argparse.Namespace) -> int:
    import gc

    # Nothing that is made here is garbage, and visiting 20,000 rules takes a sixth of the time.
    gc.disable()
    from lvsboot.commands.importing import import_rules

    imported = import_rules(arguments.rules, standard_input(arguments.rules))
    for remark in imported.remarks:
        log(remark)
    if not imported.services:
        log(f"{shown_name(arguments.rules)}: no service to import: no role is written")
        return Exit.BAD_INPUT
    sys.stdout.write(imported.text)
    if out := imported.services_left_out:
        whole = out + imported.services
        log(f"{out:,} of {whole:,} services left out: they are comments at the role's end")
    return Exit.DONE


def _schema(_arguments: argparse.Namespace) -> int:
    from lvsboot.resources import ROLE_SCHEMA

    sys.stdout.write(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return Exit.DONE


def _install_units(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    print_changes(roles.install_units(path_of(arguments.root), log=log).changes)
    return Exit.DONE


VERBS = {
    "schema": ("print the role file's JSON Schema", _no_arguments, _schema),
    "install-units": (
        "put the systemd units in place, in an image that waits for a role",
        _install_units_arguments,
        _install_units,
    ),
}
