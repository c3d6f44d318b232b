"""What the verbs print: results on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lvsboot.system.printable import printable_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from lvsboot.commands.desired import Cautions
    from lvsboot.errors import ConflictError, InputError
    from lvsboot.install.files import Change
    from lvsboot.problem import Problem


def log(sentence: str) -> None:
    log_lines(f"lvsboot: {sentence}\n")


def log_lines(text: str) -> None:
    """Whole lines that need no program's name before them."""
    sys.stderr.write(printable_text(text))
    sys.stderr.flush()


def print_problems(problems: Sequence[Problem]) -> None:
    from lvsboot.cli.text.problems import problems_text

    sys.stderr.write(problems_text(problems, color=wants_color(sys.stderr)))


def print_cautions(cautions: Cautions) -> None:
    print_problems(cautions.problems)
    for sentence in (*cautions.sentences, *cautions.notes):
        log(sentence)


def print_error(error: InputError | ConflictError) -> None:
    print_problems(error.problems)
    for sentence in getattr(error, "sentences", ()):
        log(sentence)


def print_json(value: object) -> None:
    import json

    print(json.dumps(value, indent=2))


def print_changes(changes: Sequence[Change]) -> None:
    from lvsboot.cli.text.file_changes import file_changes_text

    sys.stdout.write(file_changes_text(changes))


def wants_color(stream: TextIO) -> bool:
    """Source: no-color.org."""
    return stream.isatty() and not os.environ.get("NO_COLOR")
