"""The verbs on a role file, from words to calls of commands/roles.py."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lvsboot import paths
from lvsboot.cli import cloud_init, provisioning, tools, verify
from lvsboot.cli.output import (
    log,
    print_cautions,
    print_changes,
    print_error,
    print_json,
    print_problems,
    wants_color,
)
from lvsboot.cli.service import removal_argument
from lvsboot.cli.tools import (
    path_of,
    read_role_argument,
    shown_name,
    standard_input,
    strict_argument,
)
from lvsboot.errors import ConflictError, Exit, InputError, UsageError
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    import argparse

    from lvsboot.commands.desired import Asked
    from lvsboot.role.model import Backend


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--json", action="store_true", help="problems as JSON, for editors")


def _render_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--root", metavar="DIR", required=True, help="the image's root")
    _image_arguments(parser)


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--root", metavar="DIR", default="/", help="compare with an unpacked image")
    _image_arguments(parser)
    parser.add_argument("--json", action="store_true", help="the plan as JSON")
    parser.add_argument(
        "--exit-code", action="store_true", help="status 2 if anything would change"
    )


def _apply_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    parser.add_argument("--no-block", action="store_true", help="only queue systemd's jobs")
    removal_argument(parser)


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    verify.add_arguments(parser)
    _backend_argument(parser)


def _cloud_init_arguments(parser: argparse.ArgumentParser) -> None:
    _role_argument(parser)
    cloud_init.add_options(parser)


def _role_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "role",
        metavar="ROLE",
        nargs="?",
        default=paths.ROLE,
        help=f"the role file, - for standard input (default: {paths.ROLE})",
    )
    strict_argument(parser)


def _backend_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backend",
        metavar="NAME",
        choices=("networkd", "netplan", "ifupdown", "external"),
        help="networkd, netplan, ifupdown or external, whatever the role says",
    )


def _image_arguments(parser: argparse.ArgumentParser) -> None:
    _backend_argument(parser)
    parser.add_argument(
        "--architecture",
        metavar="NAME",
        help="the image's architecture, such as arm64, if it is not this host's",
    )


def _asked(arguments: argparse.Namespace) -> Asked:
    from lvsboot.commands.desired import Asked
    from lvsboot.host.image.architecture import names

    architecture = arguments.architecture
    if architecture is not None and architecture not in names():
        raise UsageError(
            f"--architecture {printable_line(architecture)} is not known: one of "
            + ", ".join(names())
        )
    return Asked(_backend(arguments), architecture)


def _backend(arguments: argparse.Namespace) -> Backend | None:
    from lvsboot.role.model import Backend

    return None if arguments.backend is None else Backend(arguments.backend)


def _validate(arguments: argparse.Namespace) -> int:
    from lvsboot.commands.role_file import read_role

    try:
        problems = read_role(arguments.role, standard_input(arguments.role)).warnings
        is_usable = not (arguments.strict and problems)
    except InputError as error:
        problems, is_usable = error.problems, False
    if arguments.json:
        from lvsboot.cli.text.problems import problems_value

        print_json(problems_value(problems))
    else:
        print_problems(problems)
        if is_usable:
            print(f"{shown_name(arguments.role)}: valid")
    return Exit.DONE if is_usable else Exit.BAD_INPUT


def _render(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    role_file, root = read_role_argument(arguments), path_of(arguments.root)
    asked, strict = _asked(arguments), arguments.strict
    rendering = roles.render(role_file, root, asked, strict=strict, log=log)
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    for change in rendering.left:
        place = f"{arguments.root}{change.path}"
        log(f"{place} was edited and is left as it is")
    return Exit.DONE


def _plan(arguments: argparse.Namespace) -> int:
    from lvsboot.cli.text.plan import plan_text, plan_value
    from lvsboot.commands.plan import make_plan

    plan = make_plan(read_role_argument(arguments), path_of(arguments.root), _asked(arguments))
    if arguments.strict:
        plan.cautions.refuse()
    print_cautions(plan.cautions)
    if arguments.json:
        print_json(plan_value(plan))
    else:
        sys.stdout.write(plan_text(plan, color=wants_color(sys.stdout)))
        for sentence in plan.unseen:
            log(sentence)
    return Exit.DIFFERS if arguments.exit_code and not plan.is_empty else Exit.DONE


def _apply(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    try:
        role_file = read_role_argument(arguments, from_anybody=False)
        rendering = roles.apply(
            role_file,
            block=not arguments.no_block,
            strict=arguments.strict,
            allow_removal=arguments.allow_removal,
            log=log,
        )
    except (InputError, ConflictError) as error:
        print_error(error)
        log("nothing was changed: what was applied last stays in force")
        return error.exit_status
    print_cautions(rendering.cautions)
    print_changes(rendering.changes)
    return Exit.DONE


def _verify(arguments: argparse.Namespace) -> int:
    return verify.run(arguments, _backend(arguments))


def _cloud_init(arguments: argparse.Namespace) -> int:
    return cloud_init.run(arguments, read_role_argument(arguments))


# Name: summary, arguments, what runs.
VERBS = {
    "validate": ("check a role file", _validate_arguments, _validate),
    "plan": ("show what applying a role would change", _plan_arguments, _plan),
    "apply": ("write a role's files on this host and bring it up", _apply_arguments, _apply),
    "verify": ("check that a host is what its role says", _verify_arguments, _verify),
    "render": ("write a role's files into an unpacked image", _render_arguments, _render),
    "cloud-init": (
        "write user-data, or a NoCloud seed, that boots into a role",
        _cloud_init_arguments,
        _cloud_init,
    ),
    **provisioning.VERBS,
    "import": (
        "make a role file from a director's IPVS rules",
        tools.import_arguments,
        tools.run_import,
    ),
}
TOOLS = {**tools.VERBS, **provisioning.UNIT_VERBS}
