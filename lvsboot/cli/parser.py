"""The command line as argparse knows it."""

from __future__ import annotations

import argparse
import sys

from lvsboot.cli import service
from lvsboot.errors import Exit
from lvsboot.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


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


def parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
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
