"""Work grows with the size of a role, whatever is wrong with it: calls are counted, not time."""

from __future__ import annotations

from collections.abc import Callable
from cProfile import Profile

import pytest

from lvsboot.cli.text.problems import problems_text
from lvsboot.errors import InputError
from lvsboot.problem import Problem
from lvsboot.role.document import MAX_FINDINGS
from lvsboot.role.reader import parse_role
from tests.fuzz.large import LARGE, long_key, long_keys_twice, warnings

# Twice the size is twice the work; what is sorted takes a little more, its square four times.
_GROWTH = 2.5
_SMALL = 60


def problems(raw: str) -> tuple[Problem, ...]:
    try:
        return parse_role(raw.encode(), "role.yaml").warnings
    except InputError as error:
        return error.problems


def work(raw: str) -> int:
    """The calls of functions, those of C among them, that the reading and the report take."""
    with Profile() as profile:
        problems_text(problems(raw))
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.long
@pytest.mark.parametrize("make", LARGE, ids=lambda make: make.__name__)
def test_work_grows_with_the_size(make: Callable[[int], str]) -> None:
    work(make(1))  # what is worked out once
    first, second = work(make(_SMALL)), work(make(2 * _SMALL))
    assert second < _GROWTH * first


@pytest.mark.parametrize("make", [long_key, long_keys_twice])
def test_a_report_names_no_long_key_in_full(make: Callable[[int], str]) -> None:
    found = problems(make(5_000))
    assert len(found) > 3
    assert all(len(problem.message) + len(problem.where) < 500 for problem in found)
    assert len(problems_text(found)) < 1_000 * len(found)


@pytest.mark.parametrize("make", LARGE, ids=lambda make: make.__name__)
def test_a_report_is_no_product_of_sizes(make: Callable[[int], str]) -> None:
    raw = make(_SMALL)
    found = problems(raw)
    assert all(len(problem.message) + len(problem.where) < 500 for problem in found)
    assert len(found) <= 2 * MAX_FINDINGS + 2


def test_many_warnings_are_no_error() -> None:
    *shown, last = sorted(problems(warnings(MAX_FINDINGS + 5)), key=lambda it: -it.span.line)
    assert len(shown) == MAX_FINDINGS
    assert last.message == "these are the first 1,000 warnings: there may be more"
    assert parse_role(warnings(MAX_FINDINGS + 5).encode(), "role.yaml").role


def test_an_error_is_found_behind_many_warnings() -> None:
    raw = warnings(MAX_FINDINGS + 5) + "sysctl: {net.ipv4.vs.a: 1, net/ipv4/vs/a: 1}\n"
    messages = [problem.message for problem in problems(raw)]
    assert "'net/ipv4/vs/a' is set twice" in messages
