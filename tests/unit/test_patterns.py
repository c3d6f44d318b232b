"""No regular expression of lvsboot's takes more time than its text is long."""

from __future__ import annotations

import importlib
import pkgutil
import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

import pytest

import lvsboot


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for found in pkgutil.walk_packages(lvsboot.__path__, "lvsboot."):
        if found.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            values = value if isinstance(value, tuple) else (value,)
            for i, pattern in enumerate(values):
                if isinstance(pattern, re.Pattern):
                    yield f"{found.name}.{name}.{i}", pattern


def is_exponential(items: Any, within: Any = None) -> bool:
    """Whether something without a bound is repeated without a bound: (x+)+ and its like.

    Not where each round begins with a character that no part of it repeats: (,x+)+ is plain.
    """
    for kind, argument in items:
        match kind:
            case sre.MAX_REPEAT | sre.MIN_REPEAT:
                _, most, inner = argument
                endless = most == sre.MAXREPEAT
                if endless and within is not None and not is_parted(within, inner):
                    return True
                if is_exponential(inner, inner if endless else within):
                    return True
            case sre.SUBPATTERN:
                if is_exponential(argument[-1], within):
                    return True
            case sre.BRANCH:
                if any(is_exponential(branch, within) for branch in argument[1]):
                    return True
            case _:
                continue
    return False


def is_parted(outer: Any, inner: Any) -> bool:
    """Whether a round of `outer` begins with a literal that `inner` does not take."""
    first_kind, first = outer[0]
    if first_kind is sre.SUBPATTERN:
        return is_parted(first[-1], inner)
    return first_kind is sre.LITERAL and not any(takes(item, first) for item in inner)


def takes(item: Any, code: int) -> bool:
    """Whether one item may match the character; True where that is not simple to tell."""
    kind, argument = item
    if kind is sre.LITERAL:
        return bool(argument == code)
    if kind is sre.RANGE:
        return bool(argument[0] <= code <= argument[1])
    return kind is not sre.IN or any(takes(part, code) for part in argument)


@pytest.mark.parametrize(("name", "pattern"), [pytest.param(*it, id=it[0]) for it in patterns()])
def test_nothing_endless_is_repeated_endlessly(name: str, pattern: re.Pattern[str]) -> None:
    assert not is_exponential(parser.parse(pattern.pattern, pattern.flags)), name


@pytest.mark.parametrize(
    "text", [r"[a-z]+([./][a-z.]+)+", r"(a*)*", r"((?:x|y+)?){3,}", r"(\.[a-z.]+)*"]
)
def test_such_a_pattern_would_be_seen(text: str) -> None:
    """The control of the test above."""
    assert is_exponential(parser.parse(text))


@pytest.mark.parametrize("text", [r"[a-z]+\.(x[a-z]{0,61}){5}", r"a+b*(c?d+)?", r"(\.[a-z]+)*"])
def test_other_patterns_are_none_of_its_business(text: str) -> None:
    assert not is_exponential(parser.parse(text))
