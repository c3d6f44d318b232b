"""The files in /run/lvs: what another version has written counts as missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsboot.commands import run_state
from lvsboot.commands.rulefiles import RulesFile, StatePaths
from lvsboot.policy import Foreign, Weights


@pytest.fixture
def places(tmp_path: Path) -> StatePaths:
    return StatePaths(*(str(tmp_path / name) for name in StatePaths._fields))


def record(path: str, places: StatePaths, origin: str = "") -> run_state.Source | None:
    rules = RulesFile(path, "-C\n", origin=origin)
    run_state.record_loaded(rules, Foreign.REMOVE, Weights.KEEP, places)
    return run_state.loaded_source(places)


@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "/a\nversion=2",
        "/a\\n",
        "/a\\\n",
        "/a\\\\n=",
        "/a=b",
        "/\N{SNOWMAN}",
        "/\udcff",
        "/a ",
    ],
)
def test_a_recorded_source_is_read_unchanged(places: StatePaths, path: str) -> None:
    source = record(path, places, origin="digest  /etc/lvs/ipvs.rules\n")
    assert source is not None
    assert source[:4] == (path, "digest  /etc/lvs/ipvs.rules\n", Foreign.REMOVE, Weights.KEEP)
    assert record(path, places, origin="digest  /etc/lvs/ipvs.rules\n") == source


def test_paths_are_absolute(
    places: StatePaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = record("./rules.txt", places)
    assert source is not None
    assert source.path == str(tmp_path / "rules.txt")


OLD = "keep\ndeclared\n12.5\n/etc/lvs/ipvs.rules\n\n"
NOW = "version=1\npath=/r\norigin=\nforeign=keep\nweights=keep\nuptime=1.5\n"


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "=", "version=1\n", OLD, OLD + "more\n", "\0\udcff", "path=/r\n" * 6),
        NOW.replace("version=1", "version=2"),
        NOW.replace("version=1\n", ""),
        NOW.replace("path=/r", "path=r"),
        NOW.replace("path=/r\n", ""),
        NOW.replace("keep", "steal"),
        *(NOW.replace("1.5", uptime) for uptime in ("", "nan", "inf", "-1", "1e300", "soon")),
        NOW[: len(NOW) // 2],
    ],
)
def test_what_cannot_be_read_is_as_good_as_none(places: StatePaths, text: str) -> None:
    Path(places.loaded_from).write_bytes(os.fsencode(text))
    assert run_state.loaded_source(places) is None
    assert record("/r", places) is not None


def test_a_later_versions_fields_do_not_harm(places: StatePaths) -> None:
    Path(places.loaded_from).write_text(NOW + "more=fields\n", encoding="utf-8")
    assert run_state.loaded_source(places) == ("/r", "", Foreign.KEEP, Weights.KEEP, 1.5)


@pytest.mark.parametrize("forget", [False, True])
def test_an_earlier_versions_fingerprints_are_removed(places: StatePaths, *, forget: bool) -> None:
    Path(places.stale).write_bytes(b"\xff" * 9)
    if forget:
        run_state.remove_records(places)
    else:
        record("/r", places)
    assert not Path(places.stale).exists()
