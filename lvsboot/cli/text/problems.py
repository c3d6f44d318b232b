"""Draws problems as text. Prints nothing: only the command line does."""

from __future__ import annotations

from collections.abc import Iterable

from lvsboot.problem import Problem, Span
from lvsboot.system.printable import printable_line

_RED, _CYAN, _BOLD, _RESET = "\033[31m", "\033[36m", "\033[1m", "\033[0m"

# A line that a person wrote fits; longer ones, as programs write them, are cut.
_LONGEST_LINE = 160
_BEFORE = 60


def problems_text(problems: Iterable[Problem], *, color: bool = False) -> str:
    """All problems, each with its source line and carets, by position; ends with a newline."""
    drawn = sorted(problems, key=lambda problem: (problem.file, problem.order))
    return "".join(_problem_text(problem, color=color) for problem in drawn)


def problems_value(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """The same as plain values, as schemas/problems.json describes them."""
    return [
        {
            "file": problem.file,
            **_place_value(problem.span),
            "severity": problem.severity.value,
            "where": problem.where,
            "message": problem.message,
            "hint": problem.hint,
            "see": (other := problem.conflicts_with)
            and {**_place_value(other.span), "where": other.where},
        }
        for problem in sorted(problems, key=lambda problem: (problem.file, problem.order))
    ]


def _place_value(span: Span) -> dict[str, int]:
    return {"line": span.line, "column": span.column, "length": span.length}


def _problem_text(problem: Problem, *, color: bool) -> str:
    span = problem.span
    place = f"{printable_line(problem.file)}:{span.line}:{span.column}:"
    severity = f"{problem.severity.value}:"
    if color:
        place, severity = f"{_BOLD}{place}{_RESET}", f"{_RED}{severity}{_RESET}"
    where = f"{problem.where}: " if problem.where else ""
    what = printable_line(f"{where}{problem.message}")
    return f"{place} {severity} {what}\n{_excerpt(problem, color=color)}"


def _excerpt(problem: Problem, *, color: bool) -> str:
    """The source line, carets below the wrong part, and the hint behind them."""
    hint = _hint(problem)
    if problem.source is None:
        return f"   = {hint}\n" if hint else ""
    source, column = _window(problem.source, problem.span.column)
    source = _one_for_one(source)
    length = max(1, min(problem.span.length, len(source) - column + 1))
    # Tabs are kept, so that the carets are below their word.
    pad = "".join("\t" if char == "\t" else " " for char in source[: column - 1])
    pointer = "^" * length + (f" {hint}" if hint else "")
    if color:
        pointer = f"{_CYAN}{pointer}{_RESET}"
    return f"   | {source}\n   | {pad}{pointer}\n"


def _hint(problem: Problem) -> str:
    other = problem.conflicts_with
    see = "" if other is None else f"see line {other.span.line}: {other.where}"
    return printable_line("; ".join(filter(None, (problem.hint, see))))


def _window(source: str, column: int) -> tuple[str, int]:
    """The part of a long line around the column, and the column in that part."""
    if len(source) <= _LONGEST_LINE:
        return source, column
    start = max(0, min(column - 1 - _BEFORE, len(source) - _LONGEST_LINE))
    end = start + _LONGEST_LINE
    head, tail = "…" if start else "", "…" if end < len(source) else ""
    return head + source[start:end] + tail, column - start + len(head)


def _one_for_one(source: str) -> str:
    """The line with characters that act on a terminal replaced one for one, for the carets."""
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}"
        for char in source
    )
