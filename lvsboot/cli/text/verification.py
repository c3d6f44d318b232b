"""Draws what verify found, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterable

from lvsboot.commands.verify.results import Outcome, Result
from lvsboot.commands.verify.verification import Verification
from lvsboot.system.printable import printable_line

_COLORS = {
    Outcome.OK: "\033[32m",
    Outcome.WARNING: "\033[33m",
    Outcome.FAILURE: "\033[31m",
    Outcome.UNKNOWN: "\033[36m",
}
_RESET = "\033[0m"
_WIDTH = max(len(outcome.value) for outcome in Outcome)


def verification_text(verification: Verification, *, color: bool = False) -> str:
    """A line each result; what is not right with what is expected and how to fix it; and a sum."""
    return results_text(verification.results, color=color) + f"{sum_text(verification)}\n"


def results_text(results: Iterable[Result], *, color: bool = False) -> str:
    return "".join(_result_text(result, color=color) for result in results)


def sum_text(verification: Verification) -> str:
    """`1 failure, 0 warnings, 2 unknown, 14 ok`."""
    counts = {outcome: len(verification.of(outcome)) for outcome in Outcome}
    failures, warnings = counts[Outcome.FAILURE], counts[Outcome.WARNING]
    return (
        f"{failures} failure{'' if failures == 1 else 's'}, "
        f"{warnings} warning{'' if warnings == 1 else 's'}, "
        f"{counts[Outcome.UNKNOWN]} unknown, {counts[Outcome.OK]} ok"
    )


def _result_text(result: Result, *, color: bool) -> str:
    word = f"{result.outcome.value:<{_WIDTH}}"
    if color:
        word = f"{_COLORS[result.outcome]}{word}{_RESET}"
    lines = [f"{word}  {result.id}: {printable_line(result.seen)}"]
    indent = " " * (_WIDTH + 2)
    if result.expected:
        lines.append(f"{indent}expected: {printable_line(result.expected)}")
    if result.fix:
        lines.append(f"{indent}fix: {printable_line(result.fix)}")
    return "".join(f"{line}\n" for line in lines)


def verification_value(verification: Verification) -> dict[str, object]:
    """The same as JSON's values, as schemas/verification.json describes them."""
    return {
        "role": verification.kind,
        "results": [
            {
                "id": result.id,
                "outcome": result.outcome.value,
                "seen": result.seen,
                "expected": result.expected,
                "fix": result.fix,
            }
            for result in verification.results
        ],
        "sum": {outcome.value: len(verification.of(outcome)) for outcome in Outcome},
    }
