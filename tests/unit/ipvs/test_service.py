"""The verbs of the running service, on a kernel in memory and files in a folder."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from lvsboot.commands import service
from lvsboot.commands.rulefiles import Places
from lvsboot.commands.unit_job import is_plain_stop
from lvsboot.errors import HostError, InputError, KernelRefusedError
from lvsboot.ipvs.changes import AddDestination, Change
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.table import Table
from lvsboot.policy import Foreign, Weights
from tests.unit.ipvs.fake import FakeKernel

ONE = "-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
TWO = "-A -t 192.0.2.2:80 -s wlc\n"
FOREIGN = "-A -t 192.0.2.9:80 -s rr\n"


class Host:
    """A folder for the files, and the kernel."""

    def __init__(self, folder: Path, table: str = "") -> None:
        self.places = Places(*(str(folder / name) for name in Places._fields))
        self.kernel = FakeKernel(rules(table))

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            Path(getattr(self.places, name)).write_text(text, encoding="utf-8")

    def read(self, name: str) -> str | None:
        place = Path(getattr(self.places, name))
        return place.read_text(encoding="utf-8") if place.exists() else None

    def connect(self) -> FakeKernel:
        return self.kernel

    @property
    def table(self) -> str:
        return format_rules(self.kernel.table)


def rules(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=lambda _name, _protocol: None)


def start(
    host: Host,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
) -> service.Loaded:
    connect = cast("service.Connect", host.connect)
    return service.start(foreign=foreign, weights=weights, places=host.places, connect=connect)


def reload(host: Host) -> service.Loaded:
    return service.reload(places=host.places, connect=cast("service.Connect", host.connect))


def stop(host: Host) -> tuple[Change, ...]:
    return service.stop(places=host.places, connect=cast("service.Connect", host.connect))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_start_loads_and_stop_removes(host: Host) -> None:
    host.write(rules=ONE)
    assert len(start(host).changes) == 2
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
    """It was killed behind its additions, before it deleted and before it could remember."""
    host = Host(tmp_path, ONE + TWO)
    host.write(loaded=ONE, loading=TWO, rules=FOREIGN)
    start(host)
    assert host.table == FOREIGN
    assert host.read("loading") is None


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


def test_daemons_follow_and_never_fail_a_start(host: Host) -> None:
    host.write(rules=ONE + "--start-daemon master --mcast-interface eth9\n")
    host.kernel = FakeKernel(
        Table({}), lambda change: errno.ENODEV if "role" in change._fields else 0
    )
    assert "no such interface (ENODEV)" in start(host).warnings[0]
    assert host.table == ONE


def test_saved_rules_win_until_the_role_changes(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE.replace("-w 1", "-w 7"))
    host.write(rules=ONE)
    connect = cast("service.Connect", host.connect)
    assert service.save(places=host.places, connect=connect) == host.places.saved
    host.kernel = FakeKernel(Table({}))
    assert start(host).source.path == host.places.saved
    assert "-w 7" in host.table
    host.write(rules=ONE + TWO)
    loaded = reload(host)
    assert loaded.source.path == host.places.rules
    assert "has changed since it was saved" in loaded.source.note
    assert host.table == ONE + TWO


def test_saving_elsewhere(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE)
    output = tmp_path / "here" / "rules"
    service.save(output=str(output), connect=cast("service.Connect", host.connect))
    assert output.read_text(encoding="utf-8") == ONE


def test_what_the_language_cannot_say_is_not_saved(tmp_path: Path) -> None:
    host = Host(tmp_path, ONE)
    host.kernel.table = parse_heavy(host.kernel.table)
    with pytest.raises(HostError, match="cannot say"):
        service.save(places=host.places, connect=cast("service.Connect", host.connect))
    assert host.read("saved") is None


def parse_heavy(table: Table) -> Table:
    """The table with a weight that only netlink can set."""
    (key, row), *_ = table.services.items()
    pool = {where: item._replace(weight=70000) for where, item in row.destinations.items()}
    return Table({key: row._replace(destinations=pool)})


@pytest.mark.parametrize(
    ("system", "job", "kind", "plain"),
    [
        ("running\n", "42\n", 's "stop"\n', True),
        ("degraded\n", "42\n", 's "stop"\n', True),
        ("running\n", "42\n", 's "restart"\n', False),
        ("stopping\n", "42\n", 's "stop"\n', False),
        ("running\n", "\n", "", False),
        ("running\n", "42\n", None, False),
    ],
)
def test_only_a_plain_stop_empties_the_table(
    system: str, job: str, kind: str | None, *, plain: bool
) -> None:
    asked: list[Sequence[str]] = []

    def run(argv: Sequence[str]) -> str:
        asked.append(argv)
        answer = (system, job, kind)[len(asked) - 1]
        if answer is None:
            raise HostError("no bus")
        return answer

    assert is_plain_stop("lvs.service", run) is plain
    if kind:
        assert asked[-1][3] == "/org/freedesktop/systemd1/job/42" or system == "stopping\n"
