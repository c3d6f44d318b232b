"""What status shows besides the live table: the source of the rules, and the drift from them."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import cast

import pytest

from lvsboot import paths
from lvsboot.cli.text.live_table import Columns
from lvsboot.cli.text.status import status_text, status_value
from lvsboot.commands import run_state, status
from lvsboot.commands.status import Status
from lvsboot.errors import InputError
from lvsboot.host import debian_ipvsadm
from lvsboot.ipvs.table import Table, Timeouts
from lvsboot.policy import Weights
from lvsboot.system.textfiles import write_text
from tests.unit.commands.host import FOREIGN, ONE, TWO, Host, drain, rules, save, start

DRAINED = ONE.replace("-w 1", "-w 0")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.write(rules=ONE)
    return host


def read_status(host: Host, monkeypatch: pytest.MonkeyPatch) -> Status:
    """The kernel in memory has no counters: its services are put in as the live ones."""
    kernel = host.kernel
    monkeypatch.setattr(status, "read_live", lambda _kernel: ())
    monkeypatch.setattr(status, "live_table", lambda _services: kernel.table.services)
    monkeypatch.setattr(type(kernel), "read_timeouts", lambda _: Timeouts(), raising=False)
    monkeypatch.setattr(type(kernel), "read_daemons", lambda _: {}, raising=False)
    return status.read_status(places=host.places, connect=lambda: kernel)  # type: ignore[arg-type,return-value]


def test_drift_from_what_is_loaded(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    start(host)
    host.kernel.table = rules(DRAINED + FOREIGN)
    shown = status_text(read_status(host, monkeypatch), Columns.CONNECTIONS)
    assert re.search(
        rf"^loaded: {host.places.rules}, since [-0-9]+ [0-9:]+ [-+]\d{{4}}, from which the table "
        r"has drifted \(0 to add, 1 to change, 0 to remove\):\n~ change -t 192.0.2.1:80 ",
        shown,
        re.MULTILINE,
    )


def test_a_path_cannot_act_on_the_terminal(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    start(host)
    found = read_status(host, monkeypatch)._replace(source="/run/a\x1b[2J", notes=("\x9b2J",))
    shown = status_text(found, Columns.CONNECTIONS)
    assert "loaded: /run/a\\x1b[2J, since" in shown
    assert shown.replace("\n", "").isprintable()


def test_kept_weights_are_no_drift(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    start(host, weights=Weights.KEEP)
    host.kernel.table = rules(DRAINED + "-a -t 192.0.2.1:80 -r 10.0.0.9:80 -g -w 1\n")
    found = read_status(host, monkeypatch)
    value = status_value(found)
    assert value["drift"] == ["- delete -t 192.0.2.1:80 -r 10.0.0.9:80 -g -w 1"]
    assert value["kept_weights"] == [
        "~ change -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1 (was -g -w 0)"
    ]
    shown = status_text(found, Columns.CONNECTIONS)
    assert "weights that were set live, and are kept" in shown


@pytest.mark.parametrize("weights", [*Weights])
def test_a_drain_is_no_drift(host: Host, monkeypatch: pytest.MonkeyPatch, weights: Weights) -> None:
    start(host, weights=weights)
    drain(host, "10.0.0.1")
    assert host.table == DRAINED
    found = read_status(host, monkeypatch)
    assert (found.drift, found.kept_weights) == ((), ())
    assert [row["by"] for row in cast("list[dict[str, str]]", status_value(found)["weights"])] == [
        "ann"
    ]
    assert "drained: 10.0.0.1 in every service, by ann since" in status_text(
        found, Columns.CONNECTIONS
    )
    host.kernel.table = rules(ONE)
    assert len(read_status(host, monkeypatch).drift) == 1


def test_weights_stay_while_a_drain_cannot_be_read(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(host)
    drain(host, "10.0.0.1")
    host.write(weights="{")
    found = read_status(host, monkeypatch)
    assert (found.drift, len(found.kept_weights)) == ((), 1)
    assert "weights is damaged" in status_text(found, Columns.CONNECTIONS)


def test_what_the_next_start_loads_instead(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    start(host)
    assert read_status(host, monkeypatch).notes == ()
    host.write(rules=ONE + TWO)
    changed = f"the next start loads {host.places.rules}, which has changed since"
    assert read_status(host, monkeypatch).notes == (changed,)
    host.write(rules=ONE)
    host.kernel.table = rules(DRAINED)
    save(host)
    saved = f"the next start loads {host.places.saved}, which is not what is loaded"
    assert read_status(host, monkeypatch).notes == (saved,)
    start(host)
    assert read_status(host, monkeypatch).notes == ()
    Path(host.places.saved).write_text("", encoding="utf-8")
    assert "is not what was saved there" in read_status(host, monkeypatch).notes[0]


def test_since_follows_a_clock_that_jumps(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    start(host)
    source = run_state.loaded_source(host.places)
    assert source is not None
    assert source.since() == pytest.approx(time.time(), abs=5)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 1e9)
    assert source.since() == pytest.approx(real() - 1e9, abs=5)


def test_a_start_that_changes_nothing_is_none(host: Host) -> None:
    start(host)
    before = run_state.loaded_source(host.places)
    start(host)
    assert run_state.loaded_source(host.places) == before
    host.kernel.table = Table({})
    host.write(rules=ONE + TWO)
    start(host)
    assert run_state.loaded_source(host.places) != before


@pytest.mark.parametrize("survived", [0, 1])
def test_since_is_not_that_of_rules_before(
    host: Host, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    """A start is killed while it writes what it has loaded; the next one has nothing to change."""
    start(host)
    before = run_state.loaded_source(host.places)
    host.write(rules=ONE + TWO)
    written: list[str] = []

    def killed(path: str, text: str) -> None:
        if path != host.places.loading:
            if len(written) == survived:
                raise KeyboardInterrupt
            written.append(path)
        write_text(path, text)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(run_state, "write_text", killed)
        start(host)
    assert start(host).changes == ()
    assert run_state.loaded_source(host.places) != before


def test_what_another_service_would_do_is_a_warning_even_where_nobody_can_read_it(
    host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "ipvsadm"
    settings.write_text("AUTO=true\n", encoding="utf-8")
    settings.chmod(0o666)
    monkeypatch.setattr(paths, "UNITS", str(tmp_path))  # where this host may mask it
    monkeypatch.setattr(debian_ipvsadm, "SCRIPT", str(settings))
    monkeypatch.setattr(debian_ipvsadm, "SETTINGS", str(settings))
    monkeypatch.setattr(debian_ipvsadm, "RULES", str(tmp_path / "absent"))
    start(host)
    assert str(settings) in "".join(read_status(host, monkeypatch).notes)
    settings.chmod(0o644)
    assert "would empty the table" in "".join(read_status(host, monkeypatch).notes)


@pytest.mark.parametrize("name", [b"h\xfft", b"http\0", b"\xc3\x28"])
def test_bytes_that_are_in_no_ports_name(
    host: Host, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    """In the role's rules for a start, in the loaded ones for a status."""
    start(host)
    wrong = ONE.encode() + b"-A -t 192.0.2.3:" + name + b"\n"
    for place, read in (
        (host.places.rules, lambda: start(host)),
        (host.places.loaded, lambda: read_status(host, monkeypatch)),
    ):
        Path(place).write_bytes(wrong)
        with pytest.raises(InputError) as caught:
            read()
        assert [problem.span.line for problem in caught.value.problems] == [3]
    assert host.table == ONE
