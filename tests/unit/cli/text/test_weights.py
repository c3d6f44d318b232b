"""How weights that a person has set are drawn, by the program itself."""

from __future__ import annotations

import time

import pytest

from lvsboot.cli.text.weights import busy_text, counts_text, weight_lines, weights_value
from lvsboot.commands.idle import Busy
from lvsboot.commands.weight_state import WeightState
from lvsboot.ipvs.table import DestinationKey, Protocol, VirtualAddress
from lvsboot.ipvs.weights import Override, Target

RIP = bytes((10, 0, 0, 1))
WEB = VirtualAddress(Protocol.TCP, bytes((192, 0, 2, 1)), 80)
STATE = WeightState(
    {
        Target(RIP): Override(0, 1_700_000_000, "ann"),
        Target(RIP, 8080, WEB): Override(5, 1_700_000_000, "bob"),
    }
)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_lines() -> None:
    assert [*weight_lines(STATE)] == [
        "drained: 10.0.0.1 in every service, by ann since 2023-11-14 22:13:20 +0000",
        "weight 5: 10.0.0.1:8080 in 192.0.2.1:80/tcp, by bob since 2023-11-14 22:13:20 +0000",
    ]
    assert [*weight_lines(WeightState({}, "it is damaged"))] == ["warning: it is damaged"]


def test_a_name_cannot_make_a_line_of_its_own() -> None:
    state = WeightState({Target(RIP): Override(0, 1_700_000_000, "ann\nno drift\x1b[31m")})
    (line,) = weight_lines(state)
    assert r"by ann\nno drift\x1b[31m since" in line


def test_values() -> None:
    assert weights_value(STATE)[1] == {
        "address": "10.0.0.1", "port": 8080, "service": "192.0.2.1:80/tcp", "weight": 5,
        "since": 1_700_000_000, "by": "bob",
    }  # fmt: skip


def test_what_is_left() -> None:
    rows = [
        Busy(WEB, DestinationKey(RIP, 80), 2, 1, 0),
        Busy(WEB, DestinationKey(RIP, 81), 0, 0, 4),
    ]
    assert counts_text(rows) == "2 active, 1 inactive connections and 4 persistent clients"
    assert busy_text(rows).splitlines()[1] == (
        "  192.0.2.1:80/tcp -> 10.0.0.1:81: "
        "0 active, 0 inactive connections and 4 persistent clients"
    )
