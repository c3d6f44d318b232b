"""The verbs on a role file, from words to calls of commands/roles.py."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lvsboot import paths
from lvsboot.cli.output import print_cautions, print_changes, print_problems, tell, wants_color
from lvsboot.cli.service import removal_argument
from lvsboot.errors import ConflictError, Exit, InputError, UsageError
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lvsboot.role.model import Backend
    from lvsboot.role.reader import RoleFile


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--json", action="store_true", help="problems as JSON, for editors")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rules",
        metavar="FILE",
        help="what ipvsadm -Sn printed, or a file or script that sets it; - for standard input",
    )


def _render_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--root", metavar="DIR", required=True, help="the image's root")
    _backend_argument(parser)


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--root", metavar="DIR", default="/", help="compare with an unpacked image")
    _backend_argument(parser)
    parser.add_argument("--json", action="store_true", help="the plan as JSON")
    parser.add_argument(
        "--exit-code", action="store_true", help="status 2 if anything would change"
    )


def _apply_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--no-block", action="store_true", help="only queue systemd's jobs")
    removal_argument(parser)


def _cloud_init_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the seed's folder")


def _no_arguments(_parser: argparse.ArgumentParser) -> None:
    pass


def _install_units_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", metavar="DIR", default="/", help="an unpacked image's root")


def _role_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "role",
        metavar="ROLE",
        nargs="?",
        default=paths.ROLE,
        help=f"the role file, - for standard input (default: {paths.ROLE})",
    )
    parser.add_argument("--strict", action="store_true", help="take warnings for errors")


def _backend_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend",
        metavar="NAME",
        choices=("networkd", "netplan", "ifupdown", "external"),
        help="networkd, netplan, ifupdown or external, whatever the role says",
    )


def _backend(arguments: argparse.Namespace) -> Backend | None:
    from lvsboot.role.model import Backend

    return None if arguments.backend is None else Backend(arguments.backend)


def _path(text: str) -> Path:
    """Not a Path in the parser: pathlib is more than the start path can pay for."""
    from pathlib import Path

    if not text:
        # An unset variable in a script; pathlib would take it for the folder that we are in.
        raise UsageError("a folder's name is empty: name it, or say . for the one that you are in")
    return Path(text)


def _validate(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.role_file import read_role

    try:
        problems = read_role(arguments.role, _standard_input(arguments.role)).warnings
        is_usable = not (arguments.strict and problems)
    except InputError as error:
        problems, is_usable = error.problems, False
    if arguments.json:
        import json

        from lvsboot.cli.text.problems import problems_value

        json.dump(problems_value(problems), sys.stdout, indent=2)
        print()
    else:
        print_problems(problems)
        if is_usable:
            print(f"{_shown_name(arguments.role)}: valid")
    return Exit.DONE if is_usable else Exit.BAD_INPUT


def _import(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.importing import import_rules

    imported = import_rules(arguments.rules, _standard_input(arguments.rules))
    for remark in imported.remarks:
        tell(remark)
    if not imported.has_services:
        tell(f"{_shown_name(arguments.rules)}: no service to import: no role is written")
        return Exit.BAD_INPUT
    sys.stdout.write(imported.text)
    return Exit.DONE


def _schema(_arguments: argparse.Namespace) -> int:
    from lvsboot.resources import ROLE_SCHEMA

    sys.stdout.write(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return Exit.DONE


def _render(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    role_file, root = _read_role(arguments), _path(arguments.root)
    backend, strict = _backend(arguments), arguments.strict
    rendering = roles.render(role_file, root, backend=backend, strict=strict, tell=tell)
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    for change in rendering.left:
        place = f"{arguments.root}{change.path}"
        tell(f"{place} was edited and is left as it is")
    return Exit.DONE


def _plan(arguments: argparse.Namespace) -> int:
    from lvsboot.cli.text.plan import plan_text, plan_value
    from lvsboot.commands.plan import make_plan

    plan = make_plan(_read_role(arguments), _path(arguments.root), _backend(arguments))
    if arguments.strict:
        plan.cautions.refuse()
    print_cautions(plan.cautions)
    if arguments.json:
        import json

        json.dump(plan_value(plan), sys.stdout, indent=2)
        print()
    else:
        sys.stdout.write(plan_text(plan, color=wants_color(sys.stdout)))
        for sentence in plan.unseen:
            tell(sentence)
    return Exit.DIFFERS if arguments.exit_code and not plan.is_empty else Exit.DONE


def _apply(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    try:
        role_file = _read_role(arguments, from_anybody=False)
        rendering = roles.apply(
            role_file,
            block=not arguments.no_block,
            strict=arguments.strict,
            allow_removal=arguments.allow_removal,
            tell=tell,
        )
    except (InputError, ConflictError) as error:
        print_problems(error.problems)
        tell("nothing was changed: what was applied last stays in force")
        return error.exit_status
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    return Exit.DONE


def _cloud_init(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles
    from lvsboot.render.cloudinit import seed_warnings

    directory = _path(arguments.output)
    role_file = _read_role(arguments)
    written = roles.cloud_init(role_file, directory)
    for place in written:
        print(printable_line(str(place)))
    network = directory / "network-config"
    if network not in written and network.exists():
        tell(f"{network} is none of this role's, and cloud-init would read it: is it yours?")
    for warning in seed_warnings(role_file.role):
        tell(warning)
    return Exit.DONE


def _install_units(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    print_changes(roles.install_units(_path(arguments.root), tell=tell).changes)
    return Exit.DONE


def _read_role(arguments: argparse.Namespace, *, from_anybody: bool = True) -> RoleFile:
    """The role, its warnings shown; with --strict they are InputError."""
    from lvsboot.commands.role_file import read_role

    stdin = _standard_input(arguments.role)
    role_file = read_role(arguments.role, stdin, from_anybody=from_anybody)
    if arguments.strict and role_file.warnings:
        raise InputError(role_file.warnings)
    print_problems(role_file.warnings)
    return role_file


def _shown_name(file: str) -> str:
    return "standard input" if file == "-" else printable_line(file)


def _standard_input(file: str) -> bytes | None:
    """What stands in for a file named -."""
    from lvsboot.cli.streams import read_input
    from lvsboot.role.document import MAX_BYTES

    return read_input(MAX_BYTES + 1) if file == "-" else None


# Name: summary, arguments, what runs.
VERBS = {
    "validate": ("check a role file", _validate_arguments, _validate),
    "plan": ("show what applying a role would change", _plan_arguments, _plan),
    "apply": ("write a role's files on this host and bring it up", _apply_arguments, _apply),
    "render": ("write a role's files into an unpacked image", _render_arguments, _render),
    "cloud-init": (
        "write a NoCloud seed that boots into a role",
        _cloud_init_arguments,
        _cloud_init,
    ),
    "import": ("make a role file from a director's IPVS rules", _import_arguments, _import),
}
TOOLS = {
    "schema": ("print the role file's JSON Schema", _no_arguments, _schema),
    "install-units": (
        "put the systemd units in place, in an image that waits for a role",
        _install_units_arguments,
        _install_units,
    ),
}
