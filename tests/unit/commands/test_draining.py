"""Drains and weights that a person sets: kept by every verb until they are taken back."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.commands.weight_state import read_weight_state
from lvsboot.errors import HostError, KernelRefusedError, UsageError
from lvsboot.ipvs.table import Table
from lvsboot.ipvs.weights import MOST_WEIGHT
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


def test_a_service_that_is_named_twice_changes_once(host: Host) -> None:
    assert len(drain(host, "10.0.0.1", ONE, f"{ONE}/tcp").changes) == 1


def test_the_last_word_counts(host: Host) -> None:
    drain(host, "10.0.0.1", ONE, weight=8)
    drain(host, "10.0.0.1")
    assert host.table == DRAINED
    drain(host, "10.0.0.1", TWO, weight=8)
    assert host.table == DRAINED[::-1].replace("0 w-", "8 w-", 1)[::-1]
    undrain(host, "10.0.0.1")
    assert host.table == RULES


def test_a_drain_of_a_port_is_above_an_earlier_weight_in_a_service(host: Host) -> None:
    drain(host, "10.0.0.1", ONE, weight=5)
    drain(host, "10.0.0.1:80")
    assert host.table == DRAINED
    assert start(host).changes == ()
    drain(host, "10.0.0.1", ONE, weight=5)
    assert host.table == DRAINED.replace("-w 0", "-w 5", 1)


def test_a_repeated_weight_is_the_newest(host: Host) -> None:
    drain(host, "10.0.0.1:80", weight=5)
    drain(host, "10.0.0.1", ONE)
    assert host.table == RULES.replace("-w 3", "-w 0", 1).replace("-w 3", "-w 5")
    drain(host, "10.0.0.1:80", weight=5)
    assert host.table == RULES.replace("-w 3", "-w 5")
    assert start(host).changes == ()


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


@pytest.mark.parametrize("weight", [-1, MOST_WEIGHT + 1])
def test_what_is_no_weight_is_not_written(host: Host, weight: int) -> None:
    with pytest.raises(UsageError, match="0 to 2147483647"):
        drain(host, "10.0.0.1", weight=weight)
    assert (host.table, host.read("weights")) == (RULES, None)


def test_each_service_that_was_named_has_it(host: Host) -> None:
    other = "192.0.2.9:80"
    text = RULES + f"-A -t {other} -s wlc\n-a -t {other} -r 10.0.0.9:80 -g -w 1\n"
    host.write(rules=text)
    start(host)
    with pytest.raises(HostError, match=r"of 192\.0\.2\.9:80/tcp, which has 10\.0\.0\.9$"):
        drain(host, "10.0.0.1", ONE, other)
    assert (host.table, host.read("weights")) == (text, None)


def test_what_nobody_has_set_is_not_taken_back(host: Host) -> None:
    with pytest.raises(HostError, match="nobody has set"):
        undrain(host, "10.0.0.1")
    drain(host, "10.0.0.1")
    with pytest.raises(HostError, match=r"in every service: `lvsboot undrain 10\.0\.0\.1`"):
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


@pytest.mark.parametrize(
    ("first", "second", "way"),
    [
        (("10.0.0.1",), ("10.0.0.1:80",), "10.0.0.1` takes"),
        (("10.0.0.1",), ("10.0.0.1", ONE), "10.0.0.1` takes"),
        (("10.0.0.1", ONE), ("10.0.0.1:80", ONE), f"10.0.0.1 --service {ONE}/tcp` takes"),
        (("10.0.0.1", ONE), ("10.0.0.1:80",), "10.0.0.1` takes"),
        (("10.0.0.1:80",), ("10.0.0.1", ONE), "10.0.0.1` takes"),
    ],
)
def test_no_wider_drain_comes_through(
    host: Host, first: tuple[str, ...], second: tuple[str, ...], way: str
) -> None:
    drain(host, *first)
    drain(host, *second, weight=4)
    before = host.table, host.read("weights")
    with pytest.raises(HostError, match=f"lvsboot undrain {way}"):
        undrain(host, *second)
    assert (host.table, host.read("weights")) == before
    undrain(host, "10.0.0.1")
    assert host.table == RULES


def test_a_name_of_two_protocols_is_taken_back_where_one_was_set(host: Host) -> None:
    drain(host, "10.0.0.1", ONE)
    host.write(rules=RULES + RULES.replace("-t", "-u"))
    reload(host)
    assert len(undrain(host, "10.0.0.1", ONE).changes) == 1
    assert host.read("weights") is None


def test_a_drain_of_another_port_is_no_obstacle(host: Host) -> None:
    host.write(rules=RULES + f"-a -t {TWO} -r 10.0.0.1:81 -m -w 4\n")
    reload(host)
    drain(host, "10.0.0.1:81")
    drained = host.table
    drain(host, "10.0.0.1", ONE)
    undrain(host, "10.0.0.1", ONE)
    assert host.table == drained


words = st.tuples(
    st.sampled_from(["10.0.0.1", "10.0.0.1:80", "10.0.0.1:81"]),
    st.sampled_from([(), (ONE,), (TWO,), (ONE, TWO)]),
)


@given(st.lists(st.tuples(words, st.integers(0, 9)), max_size=4), words)
def test_an_undrain_gives_all_their_weights_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    said: list[tuple[tuple[str, tuple[str, ...]], int]],
    meant: tuple[str, tuple[str, ...]],
) -> None:
    host = Host(tmp_path_factory.mktemp("host"))
    host.write(rules=RULES + "".join(f"-a -t {vip} -r 10.0.0.1:81 -m -w 3\n" for vip in (ONE, TWO)))
    start(host)
    for (server, services), weight in said:
        drain(host, server, *services, weight=weight)
        assert set(weights_of(host, server, services)) == {weight}
    before = host.table, host.read("weights")
    try:
        undrain(host, meant[0], *meant[1])
    except HostError:
        assert (host.table, host.read("weights")) == before
    else:
        assert set(weights_of(host, *meant)) == {3}
    assert start(host).changes == ()


def weights_of(host: Host, server: str, services: tuple[str, ...]) -> list[int]:
    """Of the destinations that the words mean, from ipvsadm's lines."""
    found = re.findall(r"-t (\S+) -r (\S+) -. -w (\d+)", host.table)
    return [
        int(weight)
        for vip, key, weight in found
        if vip in (services or (ONE, TWO)) and server in (key, key.rpartition(":")[0])
    ]


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


@pytest.mark.parametrize("verb", [drain, undrain])
def test_a_half_done_change_says_what_stands_and_records_it(
    host: Host, verb: Callable[[Host, str], object]
) -> None:
    if verb is undrain:
        drain(host, "10.0.0.1")
    kernel = host.kernel = FakeKernel(
        host.kernel.table, lambda _: errno.ENOMEM if len(kernel.sent) > 1 else 0
    )
    with pytest.raises(KernelRefusedError) as raised:
        verb(host, "10.0.0.1")
    assert "Nothing has changed" not in str(raised.value)
    assert "could not all be undone; left as it is:\nchange -t 192.0.2.1:80" in str(raised.value)
    stands = host.table
    assert stands == RULES.replace("-w 3", "-w 0", 1) or stands == DRAINED.replace(
        "-w 0", "-w 3", 1
    )
    host.kernel = FakeKernel(host.kernel.table)
    assert start(host).changes == ()
    undrain(host, "10.0.0.1")
    assert (host.table, host.read("weights")) == (RULES, None)
