"""What save writes, and which of the two files the next start loads."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from lvsboot.commands import saving, service
from lvsboot.commands.rulefiles import origin_line, save_rules
from lvsboot.errors import HostError
from lvsboot.ipvs.table import Persistence, Table
from lvsboot.policy import Foreign
from tests.unit.commands.host import FOREIGN, ONE, TWO, Host, reload, rules, save, start, stop
from tests.unit.ipvs.fake import FakeKernel

HAND_MADE = ONE.replace("-w 1", "-w 7")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host with loaded rules, a weight changed by hand, and another program's service."""
    host = Host(tmp_path)
    host.write(rules=ONE)
    start(host)
    host.kernel.table = rules(HAND_MADE + FOREIGN)
    return host


def restart_machine(host: Host) -> None:
    host.kernel = FakeKernel(Table({}))
    for name in ("loaded", "loaded_from"):
        Path(getattr(host.places, name)).unlink()


def test_saved_rules_win_until_the_role_changes(host: Host) -> None:
    assert save(host).path == host.places.saved
    restart_machine(host)
    loaded = start(host)
    assert (loaded.source.path, host.table) == (host.places.saved, HAND_MADE)
    assert loaded.source.note == f"loading {host.places.saved}: it was saved"
    host.write(rules=ONE + TWO)
    loaded = reload(host)
    assert loaded.source.path == host.places.rules
    assert "has changed since it was saved" in loaded.source.note
    assert host.table == ONE + TWO


def test_what_is_foreign_is_neither_saved_nor_ours_after_the_next_start(host: Host) -> None:
    saved = save(host)
    assert host.read("saved") == HAND_MADE
    assert saved.notes == (
        "not saved, since another program's: -t 192.0.2.9:80 (`save --all` would make it ours)",
    )
    start(host)
    stop(host)
    assert host.table == FOREIGN


@pytest.mark.parametrize("how", ["everything", "by the role"])
def test_all_of_the_table_is_saved_where_it_is_ours(host: Host, how: str) -> None:
    if how == "by the role":
        start(host, Foreign.REMOVE)
        host.kernel.table = rules(HAND_MADE + FOREIGN)
    assert save(host, everything=how == "everything").notes == ()
    assert host.read("saved") == HAND_MADE + FOREIGN


def test_nothing_is_saved_while_nothing_is_loaded(host: Host) -> None:
    """An empty file would be what the next start loads."""
    stop(host)
    with pytest.raises(HostError, match="systemctl start lvs"):
        save(host)
    assert host.read("saved") is None


def test_a_second_save_has_grown_from_what_the_first_has(host: Host) -> None:
    save(host)
    start(host)
    host.kernel.table = rules(ONE)
    save(host)
    loaded = start(host)
    assert (loaded.source.path, loaded.source.text) == (host.places.saved, ONE)


def test_what_was_live_has_not_grown_from_rules_that_nobody_has_loaded(host: Host) -> None:
    host.write(rules=ONE + TWO)
    assert "the next start loads that" in save(host).notes[-1]
    assert start(host).source.path == host.places.rules
    host.write(rules=ONE)
    assert start(host).source.path == host.places.saved


def test_rules_from_elsewhere_are_saved_until_the_role_changes(host: Host, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(TWO, encoding="utf-8")
    connect = cast("service.Connect", host.connect)
    service.start(rules=str(elsewhere), places=host.places, connect=connect)
    save(host)
    assert start(host).source.path == host.places.saved


def test_the_digests_are_those_that_sha256sum_checks(host: Host) -> None:
    save(host)
    done = subprocess.run(
        ["sha256sum", "--check", host.places.origin], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{host.places.rules}: OK\n{host.places.saved}: OK\n"


@pytest.mark.parametrize("renames", range(4))
def test_a_killed_save_costs_no_earlier_one(
    host: Host, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    save(host)
    drained = HAND_MADE.replace("-w 7", "-w 0")
    host.kernel.table = rules(drained)
    save_until(host, monkeypatch, renames)
    restart_machine(host)
    assert start(host).source.note == f"loading {host.places.saved}: it was saved"
    assert host.table == (HAND_MADE if renames < 2 else drained)


@pytest.mark.parametrize("renames", range(4))
def test_a_killed_save_does_not_say_that_the_earlier_one_has_grown_from_another_role(
    host: Host, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    save(host)
    host.write(rules=ONE + TWO)
    start(host)
    save_until(host, monkeypatch, renames)
    assert start(host).source.path == (host.places.rules if renames < 2 else host.places.saved)
    host.write(rules=ONE)
    assert start(host).source.path == (host.places.saved if renames < 2 else host.places.rules)


@pytest.mark.parametrize("name", ["saved", "origin"])
def test_a_save_that_cannot_be_written_changes_nothing(host: Host, name: str) -> None:
    save(host)
    host.kernel.table = rules(ONE)
    place = Path(getattr(host.places, name))
    in_the_way = place.with_name(f".{place.name}.lvs-new")
    in_the_way.mkdir()
    before = contents(place.parent)
    with pytest.raises(HostError, match=f"cannot write {place}: "):
        save(host)
    assert contents(place.parent) == before
    in_the_way.rmdir()
    save(host)
    assert host.read("saved") == ONE


def contents(folder: Path) -> dict[str, bytes]:
    return {place.name: place.read_bytes() for place in folder.iterdir() if place.is_file()}


def save_until(host: Host, monkeypatch: pytest.MonkeyPatch, renames: int) -> None:
    """Killed when that many files have been put into their places; three is to the end."""

    def rename(temporary: str, place: str, **options: int | None) -> None:
        nonlocal renames
        if renames == 0:
            raise KeyboardInterrupt
        renames -= 1
        real(temporary, place, **options)

    real = os.replace
    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        patch.setattr("os.replace", rename)
        save(host)
        assert renames == 0


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "half of it is missing": lambda saved, _: saved.write_text(HAND_MADE[: len(HAND_MADE) // 2]),
    "it is empty": lambda saved, _: saved.write_text(""),
    "no digest was written": lambda _, origin: origin.unlink(),
    "everybody may write it": lambda saved, _: saved.chmod(0o666),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_saved_rules_are_set_aside_and_the_roles_are_loaded(
    host: Host, damage: str
) -> None:
    save(host)
    place = Path(host.places.saved)
    DAMAGES[damage](place, Path(host.places.origin))
    damaged = place.read_bytes()
    note = start(host).source.note
    assert note.startswith("warning: ")
    assert f"loading {host.places.rules}\nwhat was saved is now {place}.lvs-save" in note
    assert host.table == ONE + FOREIGN
    assert not place.exists()
    assert Path(f"{place}.lvs-save").read_bytes() == damaged
    assert start(host).source.note == ""


def test_saved_rules_that_no_longer_parse_are_set_aside(host: Host) -> None:
    """As another version might find them."""
    save(host)
    save_rules("-A -t web:80\n", origin_line(host.places.rules, ONE), host.places)
    assert f"{host.places.saved}:1: " in start(host).source.note
    assert host.table == ONE + FOREIGN


def test_exporting_writes_the_whole_table(host: Host, tmp_path: Path) -> None:
    output = tmp_path / "here" / "rules"
    saving.export(str(output), connect=cast("saving.Connect", host.connect))
    assert output.read_text(encoding="utf-8") == HAND_MADE + FOREIGN


def test_what_the_language_cannot_say_is_not_saved(host: Host) -> None:
    host.kernel.table = without_end(rules(ONE))
    with pytest.raises(HostError, match="cannot say"):
        save(host)
    assert host.read("saved") is None


def test_more_than_a_start_would_load_is_not_saved(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.kernel.table = rules(ONE + TWO)
    monkeypatch.setattr("lvsboot.ipvs.rules.parse.MAX_LINES", 1)
    with pytest.raises(HostError, match="the table cannot be saved: the file has "):
        saving.live_rules(connect=cast("saving.Connect", host.connect))


def without_end(table: Table) -> Table:
    """The table with a persistence that only netlink can set."""
    (key, row), *_ = table.services.items()
    options = row.options._replace(persistence=Persistence(2**31, 0xFFFFFFFF))
    return Table({key: row._replace(options=options)})


@pytest.mark.parametrize("weight", [65_536, 2**31 - 1])
def test_any_weight_that_the_kernel_takes_is_saved_and_loaded(host: Host, weight: int) -> None:
    heavy = ONE.replace("-w 1", f"-w {weight}")
    host.kernel.table = rules(heavy)
    save(host)
    restart_machine(host)
    start(host)
    assert host.table == heavy
