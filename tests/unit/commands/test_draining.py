"""Drains and weights that a person sets: kept by every verb until they are taken back."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsboot.commands.weight_state import read_weight_state
from lvsboot.errors import HostError, KernelRefusedError, UsageError
from lvsboot.ipvs.table import Table
from lvsboot.policy import Weights
from tests.unit.commands.host import Host, drain, reload, rules, save, start, stop, undrain
from tests.unit.ipvs.fake import FakeKernel

ONE, TWO = "192.0.2.1:80", "192.0.2.2:80"
RULES = "".join(
    f"-A -t {vip} -s wlc\n-a -t {vip} -r 10.0.0.1:80 -g -w 3\n-a -t {vip} -r 10.0.0.2:80 -g -w 2\n"
    for vip in (ONE, TWO)
)
DRAINED = RULES.replace("-w 3", "-w 0")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.write(rules=RULES)
    start(host)
    return host


def damage(host: Host) -> None:
    Path(host.places.weights).write_text("{", encoding="utf-8")


def reboot(host: Host) -> None:
    host.kernel = FakeKernel(Table({}))
    for name in ("loaded", "loaded_from"):
        Path(getattr(host.places, name)).unlink()


def test_a_drain_is_in_every_service_and_taken_back_by_name(host: Host) -> None:
    assert len(drain(host, "10.0.0.1").changes) == 2
    assert host.table == DRAINED
    assert len(undrain(host, "10.0.0.1").changes) == 2
    assert host.table == RULES
    assert host.read("weights") is None


def restart_after_stop(host: Host) -> None:
    stop(host)
    start(host)


def start_after_reboot(host: Host) -> None:
    reboot(host)
    start(host)


UNDOES_NOTHING: list[Callable[[Host], object]] = [
    start, reload, restart_after_stop, start_after_reboot
]  # fmt: skip


@pytest.mark.parametrize("verb", UNDOES_NOTHING)
@pytest.mark.parametrize("weight", [0, 9])
def test_no_verb_undoes_it(host: Host, verb: Callable[[Host], object], weight: int) -> None:
    drain(host, "10.0.0.1", weight=weight)
    verb(host)
    assert host.table == RULES.replace("-w 3", f"-w {weight}")
    undrain(host, "10.0.0.1")
    assert host.table == RULES


def test_a_start_says_what_is_drained(host: Host) -> None:
    drain(host, "10.0.0.1")
    assert start(host).state == read_weight_state(host.places)
    assert start(host).changes == ()


def test_a_service_that_comes_later_is_drained_too(host: Host) -> None:
    drain(host, "10.0.0.1")
    host.write(rules=RULES + RULES.replace("192.0.2.", "192.0.3."))
    reload(host)
    assert "-w 3" not in host.table
    assert host.table.count("-w 0") == 4


def test_one_service_alone(host: Host) -> None:
    drain(host, "10.0.0.1", ONE)
    assert host.table == RULES.replace("-w 3", "-w 0", 1)
    undrain(host, "10.0.0.1", f"{ONE}/tcp")
    assert host.table == RULES


def test_the_last_word_counts(host: Host) -> None:
    drain(host, "10.0.0.1", ONE, weight=8)
    drain(host, "10.0.0.1")
    assert host.table == DRAINED
    drain(host, "10.0.0.1", TWO, weight=8)
    assert host.table == DRAINED[::-1].replace("0 w-", "8 w-", 1)[::-1]
    undrain(host, "10.0.0.1")
    assert host.table == RULES


def test_a_second_drain_is_still_the_first_ones(host: Host) -> None:
    drain(host, "10.0.0.1")
    before = host.read("weights")
    assert drain(host, "10.0.0.1").changes == ()
    assert host.read("weights") == before


def test_a_drain_repairs_a_weight_that_was_set_by_hand(host: Host) -> None:
    drain(host, "10.0.0.1")
    host.kernel.table = rules(RULES)
    assert len(drain(host, "10.0.0.1").changes) == 2
    assert host.table == DRAINED


def test_what_a_drain_hides_is_saved(host: Host) -> None:
    host.kernel.table = rules(RULES.replace("-w 2", "-w 5"))
    drain(host, "10.0.0.1")
    save(host)
    assert host.read("saved") == RULES.replace("-w 2", "-w 5")
    start_after_reboot(host)
    assert host.table == DRAINED.replace("-w 2", "-w 5")


def test_an_undrain_gives_the_saved_weight(host: Host) -> None:
    host.kernel.table = rules(RULES.replace("-w 3", "-w 5"))
    save(host)
    start(host)
    drain(host, "10.0.0.1")
    start_after_reboot(host)
    undrain(host, "10.0.0.1")
    assert host.table == RULES.replace("-w 3", "-w 5")


def test_kept_weights_stay_below_a_drain(host: Host) -> None:
    host.kernel.table = rules(RULES.replace("-w 2", "-w 7"))
    drain(host, "10.0.0.1")
    start(host, weights=Weights.KEEP)
    assert host.table == DRAINED.replace("-w 2", "-w 7")


def test_what_else_has_drifted_stays(host: Host) -> None:
    host.kernel.table = rules(RULES.replace("-s wlc", "-s rr"))
    drain(host, "10.0.0.1")
    assert host.table == DRAINED.replace("-s wlc", "-s rr")


def test_while_nothing_is_loaded_the_next_start_has_it(host: Host) -> None:
    stop(host)
    assert not drain(host, "10.0.0.1").is_loaded
    assert host.table == ""
    start(host)
    assert host.table == DRAINED


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        (("web",), UsageError, "not a real server"),
        (("10.0.0.9",), HostError, "10.0.0.9 is no real server .* 10.0.0.1, 10.0.0.2"),
        (("10.0.0.1:81",), HostError, "no real server"),
        (("10.0.0.1", "192.0.2.9:80"), HostError, "none of the rules' services"),
        (("10.0.0.1", "web"), UsageError, "not a service"),
    ],
)
def test_what_is_not_there(
    host: Host, words: tuple[str, ...], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        drain(host, *words)
    assert host.table == RULES
    assert host.read("weights") is None


def test_what_nobody_has_set_is_not_taken_back(host: Host) -> None:
    with pytest.raises(HostError, match="nobody has set"):
        undrain(host, "10.0.0.1")
    drain(host, "10.0.0.1")
    with pytest.raises(HostError, match=r"set in every service: `lvsboot undrain 10\.0\.0\.1`"):
        undrain(host, "10.0.0.1", ONE)
    assert host.table == DRAINED


@pytest.mark.parametrize("words", [("foo",), ("10.0.0.300",), ("10.0.0.1", "1.2.3.4")])
@pytest.mark.parametrize("verb", [drain, undrain])
def test_wrong_words_come_before_lock_and_rules(
    tmp_path: Path, verb: Callable[..., object], words: tuple[str, ...]
) -> None:
    bare = Host(tmp_path)  # without rules
    with pytest.raises(UsageError, match=f"'{words[-1]}' is not a "):
        verb(bare, *words)
    assert not Path(bare.places.lock).exists()


def test_a_real_server_that_is_gone_can_be_taken_back(host: Host) -> None:
    drain(host, "10.0.0.1", ONE)
    host.write(rules=RULES.replace("10.0.0.1", "10.0.0.9").replace(ONE, "192.0.2.3:80"))
    reload(host, allow_removal=True)
    undrain(host, "10.0.0.1", f"{ONE}/tcp")
    assert host.read("weights") is None


@pytest.mark.parametrize("scheduler", ["sh", "mh", "dh"])
def test_a_drain_that_would_refuse_clients_is_refused(tmp_path: Path, scheduler: str) -> None:
    host = Host(tmp_path)
    host.write(rules=RULES.replace("-s wlc", f"-s {scheduler}"))
    start(host)
    before = host.table
    with pytest.raises(HostError, match=f"scheduler {scheduler}, which would refuse.*--refuse-cl"):
        drain(host, "10.0.0.1")
    assert (host.table, host.read("weights")) == (before, None)
    assert len(drain(host, "10.0.0.1", weight=9).changes) == 2


def test_a_role_that_comes_later_and_refuses_is_named(host: Host) -> None:
    drain(host, "10.0.0.1")
    host.write(rules=RULES.replace("-s wlc", "-s mh", 1))
    assert reload(host).warnings == (
        f"-t {ONE} refuses the clients of its drained real servers, as mh does without fallback",
    )


def test_a_damaged_file_loses_nothing(host: Host) -> None:
    drain(host, "10.0.0.1")
    damage(host)
    for verb in (start, reload):
        assert verb(host).state.damage is not None
        assert host.table == DRAINED
    with pytest.raises(HostError, match="damaged"):
        drain(host, "10.0.0.2")
    with pytest.raises(HostError, match="damaged"):
        undrain(host, "10.0.0.1")
    with pytest.raises(HostError, match="damaged"):
        save(host)
    assert host.read("weights") == "{"
    assert host.table == DRAINED


def test_a_drain_that_the_kernel_refuses_changes_nothing(host: Host) -> None:
    drain(host, "10.0.0.2")
    before = host.read("weights")
    host.kernel = FakeKernel(host.kernel.table, lambda _: errno.ERANGE)
    with pytest.raises(KernelRefusedError, match="Nothing has changed"):
        drain(host, "10.0.0.1")
    assert host.read("weights") == before
