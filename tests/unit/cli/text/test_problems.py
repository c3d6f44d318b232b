"""How problems look on a terminal."""

from __future__ import annotations

import pytest

from lvsboot.cli.text.problems import problems_text
from lvsboot.problem import Place, Problem, Severity, Span

SCHEDULER = Problem(
    "role.yaml",
    Span(14, 18, 3),
    "'wcl' is not a scheduler",
    where="director.services[0].scheduler",
    hint="did you mean 'wlc'?",
    source="      scheduler: wcl",
)


def test_a_problem_is_shown_where_it_is() -> None:
    assert problems_text([SCHEDULER]) == (
        "role.yaml:14:18: error: director.services[0].scheduler: 'wcl' is not a scheduler\n"
        "   |       scheduler: wcl\n"
        "   |                  ^^^ did you mean 'wlc'?\n"
    )


def test_problems_are_sorted_by_place() -> None:
    first = Problem("role.yaml", Span(2), "one", severity=Severity.WARNING)
    text = problems_text([SCHEDULER, first])
    assert text.startswith("role.yaml:2:1: warning: one\nrole.yaml:14:18: error:")


def test_carets_stay_below_their_word_behind_a_tab() -> None:
    problem = Problem("f", Span(1, 2, 1), "m", source="\tx")
    assert problems_text([problem]).endswith("   | \tx\n   | \t^\n")


def test_carets_end_with_the_line() -> None:
    problem = Problem("f", Span(1, 3, 99), "m", source="abcd")
    assert problems_text([problem]).endswith("   |   ^^\n")


def test_a_long_line_is_shown_around_its_problem() -> None:
    source = "a" * 500 + "culprit" + "b" * 500
    text = problems_text([Problem("f", Span(1, 501, 7), "m", source=source)])
    _message, excerpt, carets = text.splitlines()
    assert len(excerpt) < 170
    assert excerpt[carets.index("^") : carets.rindex("^") + 1] == "culprit"
    for column, length in ((1, 3), (1007, 1), (1007, 90)):
        text = problems_text([Problem("f", Span(1, column, length), "m", source=source)])
        assert len(text.splitlines()[2]) <= len(text.splitlines()[1])


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\x9b2J", "\r", "\n", "\x00", "\udcff"])
def test_a_hostile_text_cannot_move_the_cursor(hostile: str) -> None:
    place = Place(Span(2), hostile)
    problem = Problem(
        f"f{hostile}", Span(1), hostile, hostile, hostile, f"a{hostile}", conflicts_with=place
    )
    text = problems_text([problem])
    assert text.replace("\n", "").isprintable()
    assert len(text.splitlines()) == 3


def test_color_is_only_added() -> None:
    colored = problems_text([SCHEDULER], color=True)
    for code in ("\033[31m", "\033[36m", "\033[1m", "\033[0m"):
        colored = colored.replace(code, "")
    assert colored == problems_text([SCHEDULER])
