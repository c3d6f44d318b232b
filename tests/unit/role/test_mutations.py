"""The first of the fuzzer's mutated roles and rules: none breaks a reader."""

from __future__ import annotations

import pytest

from tests.fuzz.mutate import TARGETS, read_one
from tests.fuzz.mutations import LARGEST, mutated


@pytest.mark.parametrize("target", TARGETS)
def test_the_first_mutations_break_nothing(target: str) -> None:
    for number in range(40):
        read_one(target, mutated(TARGETS[target], number)[:4_000])


@pytest.mark.parametrize("seeds", ["roles", "rules"])
def test_a_number_stands_for_one_input(seeds: str) -> None:
    inputs = [mutated(seeds, number) for number in range(20)]
    assert inputs == [mutated(seeds, number) for number in range(20)]
    assert len(set(inputs)) > 15
    assert all(len(raw) <= LARGEST for raw in inputs)
