"""The command line: words to typed calls, results to text, errors to exit statuses.

Only this package prints and exits. The service verbs run at every boot, so each verb imports
what it needs when it runs: `lvsboot start` must not pay for YAML and JSON Schema.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lvsboot.cli import streams
from lvsboot.cli.output import log, print_error
from lvsboot.cli.parser import parse
from lvsboot.errors import ConflictError, Exit, InputError, LvsbootError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run() -> None:
    """The installed command. It ends at once: a large table's memory is not freed row by row."""
    streams.open_streams()
    status = streams.final_status(main())
    os._exit(status)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; gives its exit status. Anything but LvsbootError is a bug and is raised."""
    words = sys.argv[1:] if argv is None else argv
    try:
        status = _run_verb(words)
        sys.stdout.flush()
    except (InputError, ConflictError) as error:
        print_error(error)
        return error.exit_status
    except LvsbootError as error:
        log(str(error))
        return error.exit_status
    except BrokenPipeError:
        # The reader has closed the pipe (`lvsboot ... | head`): it wanted no more.
        return Exit.FAILED
    except KeyboardInterrupt:
        return 128 + 2
    return status


def _run_verb(words: Sequence[str]) -> int:
    try:
        arguments = parse(words)
    except SystemExit as left:  # argparse has printed why
        return int(left.code or Exit.DONE)
    return int(arguments.run(arguments))
