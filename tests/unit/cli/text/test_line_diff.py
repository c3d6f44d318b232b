"""Diffs of any size: they turn one text into the other, in a time that grows with the size."""

from __future__ import annotations

import difflib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.cli.text import line_diff
from lvsboot.cli.text.line_diff import unified_diff

NAMES = ("before", "after")
LINES = st.lists(st.sampled_from("abcdefgh"), max_size=30)


def applied(before: list[str], diff: list[str]) -> list[str]:
    """Applies the diff to the text, and compares each line that it shows."""
    result, place = [], 0
    for line in diff[2:]:
        if found := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", line):
            start = int(found[1]) - (found[2] != "0")
            result += before[place:start]
            place = start
        elif line[0] == "+":
            result.append(line[1:])
        else:
            assert before[place] == line[1:]
            place += 1
            if line[0] == " ":
                result.append(line[1:])
    return result + before[place:]


@given(LINES, LINES)
def test_a_small_one_is_difflibs(before: list[str], after: list[str]) -> None:
    expected = difflib.unified_diff(before, after, *NAMES, lineterm="")
    assert [*unified_diff(before, after, NAMES)] == [*expected]


@given(LINES, LINES, st.sampled_from([0, 4, 30]))
def test_a_large_one_is_a_diff(before: list[str], after: list[str], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_diff, "_MOST", 0)
        patch.setattr(line_diff, "_MOST_BETWEEN", most)
        diff = [*unified_diff(before, after, NAMES)]
    assert bool(diff) == (before != after)
    if diff:
        assert applied(before, diff) == after
    hunks = "\n".join(diff).split("\n@@")[1:]
    assert all(re.search(r"\n[-+]", hunk) for hunk in hunks)


def test_every_second_of_many_rules_is_another() -> None:
    """In a number of steps that grows with the table: difflib took minutes for it."""
    before = [f"-a -t 192.0.2.1:80 -r 10.0.{i // 256}.{i % 256}:80 -w 1" for i in range(5_000)]
    after = [line if i % 2 else line[:-1] + "2" for i, line in enumerate(before)]
    diff = [*unified_diff(before, after, NAMES)]
    assert applied(before, diff) == after
    assert len(diff) == 7_500 + 2 + 1
