"""The verbs on a role file, from words to calls of commands/roles.py."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from lvsboot import paths
from lvsboot.cli.output import print_cautions, print_changes, print_problems, tell, wants_color
from lvsboot.errors import ConflictError, Exit, InputError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from lvsboot.role import RoleFile


def add_verbs(verbs: argparse._SubParsersAction[Any]) -> None:
    validate = verbs.add_parser("validate", help="check a role file")
    _role_argument(validate)
    validate.add_argument("--json", action="store_true", help="problems as JSON, for editors")
    validate.set_defaults(run=_validate)

    import_ = verbs.add_parser("import", help="make a role file from a director's IPVS rules")
    import_.add_argument("rules", metavar="FILE", help="what ipvsadm -Sn printed, or - for it")
    import_.set_defaults(run=_import)

    schema = verbs.add_parser("schema", help="print the role file's JSON Schema")
    schema.set_defaults(run=_schema)

    render = verbs.add_parser("render", help="write a role's files into an unpacked image")
    _role_argument(render)
    render.add_argument("--root", metavar="DIR", required=True, help="the image's root")
    render.set_defaults(run=_render)

    plan = verbs.add_parser("plan", help="show what applying a role would change")
    _role_argument(plan)
    plan.add_argument("--root", metavar="DIR", default="/", help="compare with an unpacked image")
    plan.add_argument("--json", action="store_true", help="the plan as JSON")
    plan.add_argument("--exit-code", action="store_true", help="status 2 if anything would change")
    plan.set_defaults(run=_plan)

    apply = verbs.add_parser("apply", help="write a role's files on this host and bring it up")
    _role_argument(apply)
    apply.add_argument("--no-block", action="store_true", help="only queue systemd's jobs")
    apply.set_defaults(run=_apply)

    cloud_init = verbs.add_parser("cloud-init", help="write a NoCloud seed that boots into a role")
    _role_argument(cloud_init)
    cloud_init.add_argument("-o", "--output", metavar="DIR", required=True)
    cloud_init.set_defaults(run=_cloud_init)

    install_units = verbs.add_parser(
        "install-units", help="put the systemd units in place, in an image that waits for a role"
    )
    install_units.add_argument("--root", metavar="DIR", default="/")
    install_units.set_defaults(run=_install_units)


def _role_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "role",
        metavar="ROLE",
        nargs="?",
        default=paths.ROLE,
        help=f"the role file, - for standard input (default: {paths.ROLE})",
    )
    parser.add_argument("--strict", action="store_true", help="take warnings for errors")


def _path(text: str) -> Path:
    """Not a Path in the parser: pathlib is more than the start path can pay for."""
    from pathlib import Path

    return Path(text)


def _validate(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    try:
        problems = roles.read_role(arguments.role, _standard_input(arguments.role)).warnings
        is_usable = not (arguments.strict and problems)
    except InputError as error:
        problems, is_usable = error.problems, False
    if arguments.json:
        import json

        from lvsboot.report import problems_value

        json.dump(problems_value(problems), sys.stdout, indent=2)
        print()
    else:
        print_problems(problems)
        if is_usable:
            print(f"{arguments.role}: valid")
    return Exit.DONE if is_usable else Exit.BAD_INPUT


def _import(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    imported = roles.import_rules(arguments.rules, _standard_input(arguments.rules))
    sys.stdout.write(imported.text)
    for remark in imported.remarks:
        tell(f"not expressed: {remark}")
    return Exit.DONE


def _schema(_arguments: argparse.Namespace) -> int:
    from lvsboot.resources import ROLE_SCHEMA

    sys.stdout.write(ROLE_SCHEMA.read_text(encoding="utf-8"))
    return Exit.DONE


def _render(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    rendering = roles.render(_read_role(arguments), _path(arguments.root), tell=tell)
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    for change in rendering.left:
        place = f"{arguments.root}{change.path}"
        tell(f"{place} was edited and is left as it is")
    return Exit.DONE


def _plan(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.plan import make_plan
    from lvsboot.plan_text import plan_text, plan_value

    plan = make_plan(_read_role(arguments), _path(arguments.root))
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
        rendering = roles.apply(role_file, block=not arguments.no_block, tell=tell)
    except (InputError, ConflictError) as error:
        print_problems(error.problems)
        tell("nothing was changed: what was applied last stays in force")
        return error.exit_status
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    return Exit.DONE


def _cloud_init(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    for place in roles.cloud_init(_read_role(arguments), _path(arguments.output)):
        print(place)
    return Exit.DONE


def _install_units(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    print_changes(roles.install_units(_path(arguments.root), tell=tell).changes)
    return Exit.DONE


def _read_role(arguments: argparse.Namespace, *, from_anybody: bool = True) -> RoleFile:
    """The role, its warnings shown; with --strict they are InputError."""
    from lvsboot.commands import roles

    stdin = _standard_input(arguments.role)
    role_file = roles.read_role(arguments.role, stdin, from_anybody=from_anybody)
    if arguments.strict and role_file.warnings:
        raise InputError(role_file.warnings)
    print_problems(role_file.warnings)
    return role_file


def _standard_input(file: str) -> bytes | None:
    """What stands in for a file named -."""
    from lvsboot.document import MAX_BYTES

    return sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else None
