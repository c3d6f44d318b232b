"""The verb verify, from words to calls of commands/verify/."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from lvsboot.cli.output import print_json, wants_color
from lvsboot.errors import Exit

if TYPE_CHECKING:
    import argparse

    from lvsboot.role.model import Backend


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", metavar="DIR", default="/", help="look at an unpacked image")
    parser.add_argument(
        "--active",
        action="store_true",
        help="also ask the segment who has each VIP, and the real servers for a TCP connection",
    )
    parser.add_argument("--json", action="store_true", help="the results as JSON")


def run(arguments: argparse.Namespace, backend: Backend | None) -> int:
    """`backend` is taken in place of the role's."""
    from lvsboot.cli.text.verification import verification_text, verification_value
    from lvsboot.cli.tools import path_of
    from lvsboot.commands.verify.verification import verify

    done = verify(path_of(arguments.root), backend, active=arguments.active)
    if arguments.json:
        print_json(verification_value(done))
    else:
        sys.stdout.write(verification_text(done, color=wants_color(sys.stdout)))
    return Exit.DIFFERS if done.has_failed else Exit.DONE
