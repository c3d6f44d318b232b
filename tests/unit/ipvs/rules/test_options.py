"""A line's words as options, as popt(3) reads them."""

from __future__ import annotations

import pytest

from tests.unit.ipvs.rules.reading import problems


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-Q", "1:1: ipvsadm has no option -Q"),
        ("-A --tcp 1:1", "1:4: ipvsadm has no option --tcp"),
        ("-A --ops=1 -t 192.0.2.1:80", "1:4: --ops takes no value"),
        ("-A -t", "1:4: -t needs a value"),
        ("-A -u 192.0.2.1:80 -" + "o" * 100, "1:20: more than 64 options in one line"),
        ("-A -f 1" + " -6" * 100, "1:195: more than 64 options in one line"),
    ],
)  # fmt: skip
def test_a_wrong_option(line: str, message: str) -> None:
    assert problems(line) == [message]
