"""The verbs of the running service, on a kernel in memory and files in a folder."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from lvsboot.cli.text.changes import done_text
from lvsboot.errors import HostError, InputError, KernelRefusedError
from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteService,
    StartDaemon,
    StopDaemon,
)
from lvsboot.ipvs.reconcile import Outcome
from lvsboot.ipvs.table import Table
from lvsboot.policy import Foreign, Weights
from tests.unit.commands.host import FOREIGN, ONE, TWO, Host, reload, rules, start, stop
from tests.unit.ipvs.fake import FakeKernel


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_start_loads_and_stop_removes(host: Host) -> None:
    host.write(rules=ONE)
    assert done_text(start(host).changes) == "2 added, 0 changed, 0 removed"
    assert host.table == ONE
    assert host.read("loaded") == ONE
    assert len(stop(host)) == 1
    assert host.table == ""
    assert host.read("loaded") is None
    assert stop(host) == ()


def test_a_second_start_does_nothing(host: Host) -> None:
    host.write(rules=ONE)
    start(host)
    host.kernel.sent.clear()
    assert start(host).changes == ()
    assert host.kernel.sent == []


def test_no_rules_and_wrong_rules(host: Host) -> None:
    with pytest.raises(HostError, match="there are no rules"):
        start(host)
    host.write(rules="-A -t web:80\n")
    with pytest.raises(InputError):
        start(host)
    assert host.kernel.sent == []


def test_what_is_ours_goes_and_what_is_foreign_stays(tmp_path: Path) -> None:
    host = Host(tmp_path, FOREIGN)
    host.write(rules=ONE)
    start(host)
    host.write(rules=TWO)
    reload(host)
    assert host.table == TWO + FOREIGN
    stop(host)
    assert host.table == FOREIGN


def test_what_is_foreign_can_be_removed(tmp_path: Path) -> None:
    host = Host(tmp_path, FOREIGN)
    host.write(rules=ONE)
    start(host, foreign=Foreign.REMOVE)
    assert host.table == ONE


def test_a_killed_start_has_left_what_is_ours(tmp_path: Path) -> None:
    """Killed after its additions, before it deleted anything or wrote loaded.rules."""
    host = Host(tmp_path, ONE + TWO)
    host.write(loaded=ONE, loading=TWO, rules=FOREIGN)
    start(host)
    assert host.table == FOREIGN
    assert host.read("loading") is None


class _KilledError(Exception):
    """Stands in for SIGKILL."""


def start_killed(host: Host, text: str) -> None:
    """It is killed after its additions, before it deletes anything."""

    def refuse(_change: Change) -> int:
        raise _KilledError

    host.write(rules=text)
    before = host.kernel.table
    host.kernel = FakeKernel(before, refuse)
    with pytest.raises(_KilledError):
        start(host)
    host.kernel = FakeKernel(Table({**before.services, **rules(text).services}))


EVERY_PORT = "-A -t 192.0.2.4:0 -s wlc -p 60\n"
MARKS = "-A -f 1 -s wlc\n-A -f 1 -6 -s rr\n-A -u [2001:db8::1]:53 -s wlc -o\n"
ROWS = pytest.mark.parametrize(
    "texts",
    [(ONE, TWO), (MARKS, ONE), (ONE, MARKS, TWO), (EVERY_PORT, ONE), (ONE + TWO, TWO + MARKS, ONE)],
)


@ROWS
def test_killed_starts_in_a_row_leave_what_is_ours(tmp_path: Path, texts: tuple[str, ...]) -> None:
    host = Host(tmp_path, FOREIGN)
    for text in texts:
        start_killed(host, text)
    last = TWO.replace("192.0.2.2", "192.0.2.3")
    host.write(rules=last)
    start(host)
    assert host.table == last + FOREIGN
    assert host.read("loading") is None


@ROWS
def test_a_stop_removes_what_killed_starts_left(tmp_path: Path, texts: tuple[str, ...]) -> None:
    host = Host(tmp_path, FOREIGN)
    for text in texts:
        start_killed(host, text)
    stop(host)
    assert host.table == FOREIGN


@pytest.mark.parametrize("verb", [start, reload])
def test_a_refused_start_forgets_nothing_that_a_killed_one_left(
    tmp_path: Path, verb: Callable[[Host], object]
) -> None:
    host = Host(tmp_path, ONE + FOREIGN)
    host.write(rules=BROADCAST, loading=ONE)
    refuse_broadcast(host)
    with pytest.raises(KernelRefusedError, match="Nothing has changed"):
        verb(host)
    assert host.read("loading") == ONE
    stop(host)
    assert host.table == FOREIGN


def test_what_could_not_be_taken_back_is_ours(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE)
    host.write(rules=BROADCAST, loaded=ONE)

    def refuse(change: Change) -> int:
        broadcast = isinstance(change, AddDestination) and change.key.address == b"\xff" * 4
        return errno.EINVAL if broadcast or isinstance(change, DeleteService) else 0

    host.kernel = FakeKernel(host.kernel.table, refuse)
    with pytest.raises(KernelRefusedError, match="could not all be undone"):
        reload(host)
    assert TWO in host.table
    host.kernel = FakeKernel(host.kernel.table)
    host.write(rules=FOREIGN)
    reload(host, allow_removal=True)
    assert host.table == FOREIGN


def test_live_weights_can_be_kept(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE.replace("-w 1", "-w 0"))
    host.write(rules=ONE)
    assert start(host, weights=Weights.KEEP).changes == ()
    assert len(start(host).changes) == 1
    assert host.table == ONE


def refuse_broadcast(host: Host) -> None:
    def refuse(change: Change) -> int:
        broadcast = isinstance(change, AddDestination) and change.key.address == b"\xff" * 4
        return errno.EINVAL if broadcast else 0

    host.kernel = FakeKernel(host.kernel.table, refuse)


BROADCAST = TWO + "-a -t 192.0.2.2:80 -r 255.255.255.255:80 -g -w 1\n"


def test_into_an_empty_table_goes_what_goes_and_the_rest_is_named(host: Host) -> None:
    host.write(rules=BROADCAST + ONE)
    refuse_broadcast(host)
    with pytest.raises(KernelRefusedError) as caught:
        start(host)
    said = str(caught.value)
    assert f"{host.places.rules}:2: add -t 192.0.2.2:80 -r 255.255.255.255:80 -g -w 1: not" in said
    assert "(EINVAL)" in said
    assert host.table == ONE + TWO
    assert host.read("loaded") == BROADCAST + ONE


@pytest.mark.parametrize("foreign", [Foreign.KEEP, Foreign.REMOVE])
@pytest.mark.parametrize("recorded", [{}, {"loaded": TWO}, {"loading": ONE}])
def test_a_table_with_only_foreign_services_is_as_good_as_empty(
    tmp_path: Path, foreign: Foreign, recorded: dict[str, str]
) -> None:
    """Our services may have been loaded once, but none of them is live."""
    host = Host(tmp_path, FOREIGN)
    host.write(rules=BROADCAST + ONE, **recorded)
    refuse_broadcast(host)
    with pytest.raises(KernelRefusedError, match="All other rules are loaded"):
        start(host, foreign=foreign)
    assert host.table == ONE + TWO + (FOREIGN if foreign is Foreign.KEEP else "")


@pytest.mark.parametrize(
    ("live", "recorded"),
    [
        (ONE, {"loaded": ONE}),
        (ONE, {"loading": ONE}),
        # Loaded by hand, or /run/lvs is gone: it is in our rules.
        (TWO, {}),
    ],
)
def test_beside_foreign_services_a_live_one_of_ours_is_not_touched(
    tmp_path: Path, live: str, recorded: dict[str, str]
) -> None:
    host = Host(tmp_path, live + FOREIGN)
    host.write(rules=BROADCAST, **recorded)
    refuse_broadcast(host)
    with pytest.raises(KernelRefusedError, match="Nothing has changed"):
        start(host)
    assert host.table == live + FOREIGN


@pytest.mark.parametrize("verb", [start, reload])
def test_a_live_table_changes_wholly_or_not_at_all(
    tmp_path: Path, verb: Callable[[Host], object]
) -> None:
    host = Host(tmp_path, ONE)
    host.write(rules=BROADCAST, loaded=ONE)
    refuse_broadcast(host)
    with pytest.raises(KernelRefusedError, match="Nothing has changed"):
        verb(host)
    assert host.table == ONE
    assert host.read("loaded") == ONE
    assert host.read("loading") is None


def test_a_service_that_is_refused_is_named_without_its_destinations(host: Host) -> None:
    absent = ONE.replace("wlc", "xx")
    host.write(rules=TWO + absent)

    def refuse(change: Change) -> int:
        match change:
            case AddService(_, options) if options.scheduler == "xx":
                return errno.ENOENT
            case AddDestination():
                return errno.ESRCH
            case _:
                return 0

    host.kernel = FakeKernel(host.kernel.table, refuse)
    with pytest.raises(KernelRefusedError) as caught:
        start(host)
    _, refused, _ = str(caught.value).splitlines()
    assert refused.startswith(f"{host.places.rules}:2: add -t 192.0.2.1:80 -s xx: no scheduler")
    assert host.table == TWO


MIXED = (
    "--stop-daemon master\n-A -t 192.0.2.1:80 -s wlc\n"
    "-a -t 192.0.2.1:80 -r [2001:db8::1]:80 -i -w 1\n"
)


def refuse_mixed_families_beside_a_daemon(host: Host) -> None:
    """As ip_vs_ctl.c does."""

    def refuse(change: Change) -> int:
        is_mixed = isinstance(change, AddDestination) and len(change.key.address) == 16
        return errno.EINVAL if is_mixed and host.kernel.table.daemons else 0

    daemons = rules("--start-daemon master --mcast-interface eth0\n").daemons
    host.kernel = FakeKernel(Table(host.kernel.table.services, daemons=daemons), refuse)


def test_a_daemon_stops_before_what_the_kernel_refuses_beside_it(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE)
    host.write(rules=MIXED, loaded=ONE)
    refuse_mixed_families_beside_a_daemon(host)
    assert reload(host).warnings == ()
    assert "2001:db8::1" in host.table
    assert host.kernel.table.daemons == {}


def test_a_daemon_runs_again_when_nothing_has_changed(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE)
    host.write(rules="--stop-daemon master\n" + BROADCAST, loaded=ONE)
    refuse_broadcast(host)
    daemons = rules("--start-daemon master --mcast-interface eth0\n").daemons
    host.kernel.table = Table(host.kernel.table.services, daemons=daemons)
    before = host.kernel.table
    with pytest.raises(KernelRefusedError, match="Nothing has changed"):
        reload(host)
    assert host.kernel.table == before
    kinds = [type(change) for change in host.kernel.sent]
    assert (kinds[0], kinds[-1]) == (StopDaemon, StartDaemon)


MASTER = "--start-daemon master --mcast-interface eth0 --syncid 0\n"
BACKUP = "--start-daemon backup --mcast-interface eth0 --syncid 0\n"


class _KernelOfAKilledStart(FakeKernel):
    def execute(self, changes: Iterable[Change], *, stop_when_refused: bool) -> Outcome:
        changes = tuple(changes)
        outcome = super().execute(changes, stop_when_refused=stop_when_refused)
        if any(isinstance(change, StartDaemon) for change in changes):
            raise _KilledError
        return outcome


@pytest.mark.parametrize("texts", [[ONE + MASTER], [ONE + MASTER, TWO + BACKUP]])
def test_a_stop_stops_the_daemons_of_killed_starts(host: Host, texts: list[str]) -> None:
    """They were killed after the daemon had started, before loaded.rules was written."""
    host.write(rules=ONE)
    start(host)
    for text in texts:
        host.write(rules=text)
        host.kernel = _KernelOfAKilledStart(host.kernel.table)
        with pytest.raises(_KilledError):
            start(host)
    host.kernel = FakeKernel(host.kernel.table)
    assert len(host.kernel.table.daemons) == len(texts)
    stop(host)
    assert host.kernel.table == Table({})
    assert host.read("loading") is None


def test_daemons_follow_and_never_fail_a_start(host: Host) -> None:
    host.write(rules=ONE + "--start-daemon master --mcast-interface eth9\n")
    host.kernel = FakeKernel(
        Table({}), lambda change: errno.ENODEV if "role" in change._fields else 0
    )
    assert "no such interface (ENODEV)" in start(host).warnings[0]
    assert host.table == ONE
