"""The errors that a person can fix; anything else is a bug and keeps its traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsboot.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence


class Exit:
    """Exit statuses of the command line; 64 and above are those of sysexits.h."""

    DONE = 0
    FAILED = 1
    DIFFERS = 2
    USAGE = 64
    REFUSED = 75
    NOT_PERMITTED = 77
    BAD_INPUT = 78


class LvsbootError(Exception):
    """Base of all; the text is one or more sentences for the person at the terminal."""

    exit_status = Exit.FAILED


class HostError(LvsbootError):
    """The host lacks something or refused something: its administrator must act."""


class UsageError(LvsbootError):
    """The command line is wrong: whoever typed it must fix it."""

    exit_status = Exit.USAGE


class RemovalRefusedError(LvsbootError):
    """Most of what is live would go: whoever means that repeats it with --allow-removal."""

    exit_status = Exit.REFUSED


class NotPermittedError(LvsbootError):
    """The caller may not do this: the text names the user or the capability that may."""

    exit_status = Exit.NOT_PERMITTED


class InputError(LvsbootError):
    """A role or rules file is wrong: its author must fix it. Carries every problem found."""

    exit_status = Exit.BAD_INPUT

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__(f"{len(self.problems)} problem(s) in {self.problems[0].file}")


class ConflictError(LvsbootError):
    """Another program is configured for the same work: the administrator must choose.

    Carries every conflict, with its line in that program's files, and sentences on what is in no
    file.
    """

    def __init__(self, problems: Sequence[Problem], sentences: Sequence[str] = ()) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.order)))
        self.sentences = tuple(sentences)
        number = len(self.problems) + len(self.sentences)
        super().__init__(f"{number} conflict(s) with other configuration")


class KernelRefusedError(LvsbootError):
    """The kernel refused a change: the text names the rule, the operation and the errno."""
