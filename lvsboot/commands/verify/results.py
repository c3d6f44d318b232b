"""What a check finds out, as a value. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from lvsboot.commands.verify.unseen import Unseen

_AS_ROOT = "run `lvsboot verify` as root"
# A host may lack a thousand VIPs at once: so many are named.
_MOST_NAMED = 10


class Outcome(Enum):
    """`unknown`: the caller may not look at it, or there is nothing to look at."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Result:
    """One result of the check `id`. `fix` says what to do, and is empty for an `ok`."""

    id: str
    outcome: Outcome
    seen: str
    expected: str = ""
    fix: str = ""


def ok(check: str, seen: str) -> Result:
    return Result(check, Outcome.OK, seen)


def failure(check: str, seen: str, expected: str, fix: str) -> Result:
    return Result(check, Outcome.FAILURE, seen, expected, fix)


def warning(check: str, seen: str, expected: str, fix: str) -> Result:
    return Result(check, Outcome.WARNING, seen, expected, fix)


def unseen(check: str, fact: Unseen, expected: str = "") -> Result:
    """Unknown where the caller may not see it or nothing is there; a failure if damaged."""
    if fact.is_refused:
        return Result(check, Outcome.UNKNOWN, fact.reason, expected, _AS_ROOT)
    if fact.is_moot:
        return Result(check, Outcome.UNKNOWN, fact.reason, expected)
    return failure(check, fact.reason, expected, "fix what is named here, and verify again")


def found(check: str, problems: Iterable[Result], right: str) -> Iterator[Result]:
    """The first problems, and how many more there are; without any, `right` as the check's `ok`."""
    problems = list(problems)
    yield from problems[:_MOST_NAMED]
    if more := problems[_MOST_NAMED:]:
        worst = Outcome.FAILURE if any(map(is_failure, more)) else Outcome.WARNING
        last = more[0]
        yield Result(last.id, worst, f"and {len(more)} more", last.expected, last.fix)
    if not problems:
        yield ok(check, right)


def is_failure(result: Result) -> bool:
    return result.outcome is Outcome.FAILURE
