"""The file of the weights that a person has set, whole and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import read_weight_state, write_overrides
from lvsboot.errors import HostError
from lvsboot.ipvs.weights import MOST_WEIGHT, Override, Overrides, Target
from lvsboot.policy import Weights
from tests.unit.ipvs.tables import addresses, keys, ports

overrides_of_people = st.dictionaries(
    st.builds(Target, addresses, st.none() | ports, st.none() | keys),
    st.builds(Override, st.integers(0, MOST_WEIGHT), st.integers(0, 2**33), st.text(max_size=9)),
    max_size=4,
)


def state_paths(folder: Path) -> StatePaths:
    return StatePaths(*(str(folder / name) for name in StatePaths._fields))


@given(overrides=overrides_of_people)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, overrides: Overrides
) -> None:
    places = state_paths(tmp_path_factory.mktemp("state"))
    write_overrides(overrides, places)
    assert read_weight_state(places) == (overrides, None)
    assert Path(places.weights).exists() is bool(overrides)


ROW = {"address": "10.0.0.1", "port": 80, "service": "192.0.2.1:80/tcp", "weight": 0, "since": 1,
       "by": "ann"}  # fmt: skip


def file_of(**row: object) -> str:
    return json.dumps({"version": 1, "weights": [{**ROW, **row}]})


def test_the_row_of_the_cases_below_is_sound(tmp_path: Path) -> None:
    places = state_paths(tmp_path)
    Path(places.weights).write_text(file_of(), encoding="utf-8")
    assert read_weight_state(places).damage is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        file_of()[:-3],
        '{"version": 1, "weights": {}}',
        '{"version": 2, "weights": []}',
        '{"version": "1", "weights": []}',
        '{"version": true, "weights": []}',
        file_of(address="10.0.0"),
        file_of(address=1),
        file_of(port=-1),
        file_of(port=True),
        file_of(service="192.0.2.1:80"),
        file_of(service="web"),
        file_of(weight=MOST_WEIGHT + 1),
        file_of(weight=1.5),
        file_of(weight=None),
        file_of(since=-1),
        file_of(since=1 << 60),
        file_of(by=None),
        '{"version": 1, "weights": [{}]}',
        '{"version": 1, "weights": [' + "1" * 5000 + "]}",
    ],
)
def test_a_damaged_file_is_named_and_live_weights_stay(tmp_path: Path, text: str) -> None:
    places = state_paths(tmp_path)
    Path(places.weights).write_text(text, encoding="utf-8")
    state = read_weight_state(places)
    assert state.overrides == {}
    assert state.damage is not None
    assert f"{places.weights} is damaged" in state.damage
    assert state.policy(Weights.DECLARED) is Weights.KEEP
    with pytest.raises(HostError, match="drain again"):
        state.require()


def test_a_file_that_anybody_may_write_is_not_trusted(tmp_path: Path) -> None:
    places = state_paths(tmp_path)
    write_overrides({Target(bytes((10, 0, 0, 1))): Override(0, 0, "ann")}, places)
    Path(places.weights).chmod(0o666)
    assert "chmod o-w" in (read_weight_state(places).damage or "")
