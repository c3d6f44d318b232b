"""`python -m lab`: what the Makefile calls."""

from __future__ import annotations

import argparse
import sys

from lab import kernel
from lab.shell import LabError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    in_kernel = verbs.add_parser(
        "kernel", help="run tests/kernel (pytest's arguments follow), or a command, in a small VM"
    )
    in_kernel.add_argument("words", nargs=argparse.REMAINDER, metavar="-- ...")
    options = parser.parse_args()
    try:
        return _run_in_kernel(options.words)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _run_in_kernel(words: list[str]) -> int:
    """`-- COMMAND` runs a command; pytest's arguments begin with a dash or name a test."""
    words = words[1:] if words[:1] == ["--"] else words
    if not words or words[0].startswith(("-", "tests/")):
        return kernel.run_pytest(words)
    return kernel.run_command(words)


if __name__ == "__main__":
    sys.exit(main())
