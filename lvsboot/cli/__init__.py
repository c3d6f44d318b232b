"""The command line: words to typed calls, results to text, errors to exit statuses.

Only this package prints and exits. The service verbs run at every boot, so each verb imports
what it needs when it runs: `lvsboot start` must not pay for YAML and JSON Schema.
"""

from __future__ import annotations

import os
import sys

from lvsboot.cli import service
from lvsboot.errors import ConflictError, Exit, InputError, LvsbootError
from lvsboot.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def run() -> None:
    """The installed command. It ends at once: a large table's memory is not freed row by row."""
    status = main()
    sys.stderr.flush()
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; gives its exit status. Anything but LvsbootError is a bug and is raised."""
    words = sys.argv[1:] if argv is None else argv
    arguments = service.read_plain(words) or _parsed(words)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except (InputError, ConflictError) as error:
        from lvsboot.cli.output import print_problems

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


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    from lvsboot.cli.parser import parser_for

    return parser_for(words).parse_args(words)
