"""The command line: words to typed calls, results to text, errors to exit statuses.

Only this module prints and exits. The service verbs run at every boot, so each verb imports
what it needs when it runs: `lvsboot start` must not pay for YAML and JSON Schema.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from lvsboot import paths
from lvsboot.errors import Exit, InputError, LvsbootError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lvsboot.files import Change
    from lvsboot.problem import Problem
    from lvsboot.role import RoleFile


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; gives its exit status. Anything but LvsbootError is a bug and is raised."""
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except InputError as error:
        _print_problems(error.problems)
        return error.exit_status
    except LvsbootError as error:
        print(f"lvsboot: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:
        # The reader has gone (`lvsboot ... | head`): no news for anybody, and none at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except KeyboardInterrupt:
        return 128 + 2
    return status


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


def _parser() -> _Parser:
    parser = _Parser(
        prog="lvsboot", description="One role file makes an LVS director or real server."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    validate = verbs.add_parser("validate", help="check a role file")
    _role_argument(validate)
    validate.set_defaults(run=_validate)

    render = verbs.add_parser("render", help="write a role's files into an unpacked image")
    _role_argument(render)
    render.add_argument("--root", metavar="DIR", type=Path, required=True, help="the image's root")
    render.set_defaults(run=_render)

    apply = verbs.add_parser("apply", help="write a role's files on this host and bring it up")
    _role_argument(apply)
    apply.add_argument("--no-block", action="store_true", help="only queue systemd's jobs")
    apply.set_defaults(run=_apply)

    cloud_init = verbs.add_parser("cloud-init", help="write a NoCloud seed that boots into a role")
    _role_argument(cloud_init)
    cloud_init.add_argument("-o", "--output", metavar="DIR", type=Path, required=True)
    cloud_init.set_defaults(run=_cloud_init)

    install_units = verbs.add_parser(
        "install-units", help="put the systemd units in place, in an image that waits for a role"
    )
    install_units.add_argument("--root", metavar="DIR", type=Path, default=Path("/"))
    install_units.set_defaults(run=_install_units)
    return parser


def _role_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "role",
        metavar="ROLE",
        nargs="?",
        default=paths.ROLE,
        help=f"the role file, - for standard input (default: {paths.ROLE})",
    )


def _validate(arguments: argparse.Namespace) -> int:
    _read_role(arguments.role)
    print(f"{arguments.role}: valid")
    return Exit.DONE


def _render(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    rendering = roles.render(_read_role(arguments.role), arguments.root)
    _print_changes(rendering.changes)
    for change in rendering.left:
        place = f"{arguments.root}{change.path}"
        print(f"lvsboot: {place} was edited and is left as it is", file=sys.stderr)
    return Exit.DONE


def _apply(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    role_file = _read_role(arguments.role)
    _print_changes(roles.apply(role_file, block=not arguments.no_block).changes)
    return Exit.DONE


def _cloud_init(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    for place in roles.cloud_init(_read_role(arguments.role), arguments.output):
        print(place)
    return Exit.DONE


def _install_units(arguments: argparse.Namespace) -> int:
    from lvsboot.commands import roles

    _print_changes(roles.install_units(arguments.root).changes)
    return Exit.DONE


def _read_role(file: str) -> RoleFile:
    """The role, its warnings shown."""
    from lvsboot.commands import roles
    from lvsboot.document import MAX_BYTES

    role_file = roles.read_role(file, sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else None)
    _print_problems(role_file.warnings)
    return role_file


def _print_problems(problems: Sequence[Problem]) -> None:
    from lvsboot.report import problems_text

    sys.stderr.write(problems_text(problems, color=_wants_color(sys.stderr)))


def _print_changes(changes: Sequence[Change]) -> None:
    from lvsboot.report import changes_text

    sys.stdout.write(changes_text(changes))


def _wants_color(stream: TextIO) -> bool:
    """Source: no-color.org."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
