"""The command line: words to typed calls, results to text, errors to exit statuses.

Only this package prints and exits. The service verbs run at every boot, so each verb imports
what it needs when it runs: `lvsboot start` must not pay for YAML and JSON Schema.
"""

from __future__ import annotations

import argparse
import os
import sys

from lvsboot.cli import service
from lvsboot.cli.output import print_problems
from lvsboot.errors import ConflictError, Exit, InputError, LvsbootError
from lvsboot.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; gives its exit status. Anything but LvsbootError is a bug and is raised."""
    words = sys.argv[1:] if argv is None else argv
    arguments = _parser(words).parse_args(words)
    try:
        status: int = arguments.run(arguments)
    except (InputError, ConflictError) as error:
        print_problems(error.problems)
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


class _Formatter(argparse.HelpFormatter):
    """Told its width: to ask for it, argparse imports shutil and with it three compressors."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100)


class _Parser(argparse.ArgumentParser):
    def __init__(self, *, prog: str, description: str | None = None) -> None:
        super().__init__(prog=prog, description=description, formatter_class=_Formatter)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"{self.prog}: {message}\n")


def _parser(words: Sequence[str]) -> _Parser:
    """All verbs; but for a service verb itself: a boot does not pay for the others."""
    parser = _Parser(
        prog="lvsboot", description="One role file makes an LVS director or real server."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    if words and words[0] in service.VERBS:
        service.add_verbs(verbs, words[0])
        return parser
    from lvsboot.cli import roles

    roles.add_verbs(verbs)
    service.add_verbs(verbs)
    return parser
