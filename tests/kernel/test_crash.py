"""start and save, killed wherever they write: the table and the files, and the run that follows.

Each run of a Python program takes seconds here: of the calls that write one file, those before
which it is empty, and whole but not in its place; tests/crash has them all.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvsboot import paths
from tests.crash.points import KILLED, Point, Run
from tests.kernel.hosts import CLEAR, Host

pytestmark = pytest.mark.long

FOLDERS = ("/etc/lvs", paths.STATE, paths.RUNTIME)
LVSBOOT = ("python3", "-m", "lvsboot")
FOREIGN = "-A -t 10.9.0.9:80 -s rr\n"


def rules(servers: int, weight: int, services: range) -> str:
    return "".join(
        f"-A -t 10.0.1.{service}:80 -s wlc\n"
        + "".join(
            f"-a -t 10.0.1.{service}:80 -r 172.16.0.{server}:80 -g -w {weight}\n"
            for server in range(1, servers + 1)
        )
        for service in services
    )


# Some services go, some come, destinations come, go and change: more than one batch.
OLD = "--set 900 120 300\n" + rules(4, 1, range(1, 70))
NEW = "--set 900 120 300\n" + rules(3, 2, range(35, 105))
CALLS = {"sendto", "write", "rename", "unlink"}


class Machine:
    """A host and its files, put back as they were before each run."""

    def __init__(self, host: Host, scratch: Path) -> None:
        self.host = host
        self._scratch = scratch
        self._table = ""

    def run(self, *words: str) -> Run:
        return Run([*LVSBOOT, *words], ("ip", "netns", "exec", self.host.name))

    def keep(self) -> None:
        """As it is now is how reset() makes it."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        for folder in FOLDERS:
            shutil.copytree(folder, self._scratch / folder[1:])
        self._table = self.table()

    def reset(self) -> None:
        for folder in FOLDERS:
            shutil.rmtree(folder)
            shutil.copytree(self._scratch / folder[1:], folder)
        self.host.restore(CLEAR + self._table)

    def table(self) -> str:
        return self.host.ipvsadm("-Sn").stdout

    def files(self) -> dict[str, bytes]:
        """All files but the lock, without the time of a load."""
        places = (place for folder in FOLDERS for place in Path(folder).iterdir())
        return {
            str(place): re.sub(rb"^uptime=.*\n", b"", place.read_bytes(), flags=re.MULTILINE)
            for place in places
            if str(place) != paths.TABLE_LOCK
        }


@pytest.fixture
def machine(host: Host, tmp_path: Path) -> Iterator[Machine]:
    for folder in FOLDERS:
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir(parents=True)
    Path(paths.RULES).write_text(OLD, encoding="utf-8")
    host.restore(FOREIGN)
    machine = Machine(host, tmp_path / "kept")
    machine.run("start").finish()
    yield machine
    for folder in FOLDERS:
        shutil.rmtree(folder)


def kill_everywhere(machine: Machine, *words: str) -> list[Point]:
    machine.keep()
    before = machine.files()
    run = machine.run(*words)
    points = [point for point in run.points() if point.call in CALLS]
    after, table = machine.files(), machine.table()
    for point in points:
        machine.reset()
        run.kill_at(point)
        halves = [
            path
            for path, content in machine.files().items()
            if content not in (before.get(path), after.get(path))
            and not path.endswith((".lvs-new", "loading.rules"))
        ]
        assert halves == [], point
        assert FOREIGN in machine.table(), point
        run.finish()
        assert machine.table() == table, point
        assert machine.files() == after, point
    KILLED[" ".join(words)] = points
    return points


def test_a_start_onto_a_live_table(machine: Machine) -> None:
    """What it had added, and not yet remembered, is ours for the next start."""
    Path(paths.RULES).write_text(NEW, encoding="utf-8")
    points = kill_everywhere(machine, "start")
    assert machine.table() == NEW.partition("\n")[2] + FOREIGN
    sent = [point for point in points if point.call == "sendto"]
    assert len(sent) > 1


def test_a_save(machine: Machine) -> None:
    set_weight(machine, 0)
    kill_everywhere(machine, "save")
    assert " -w 0\n" in Path(paths.SAVED_RULES).read_text(encoding="utf-8")


@pytest.mark.parametrize("earlier", [False, True], ids=["the first", "over an earlier one"])
def test_a_start_after_a_save_that_was_killed(machine: Machine, *, earlier: bool) -> None:
    """It loads what was saved, this time or the last, and says so: never half of it."""
    expected = OLD.partition("\n")[2] + FOREIGN
    if earlier:
        set_weight(machine, 5)
        machine.run("save").finish()
        expected = machine.table()
    set_weight(machine, 0)
    machine.keep()
    run = machine.run("save")
    points = [it for it in run.points() if it.call == "rename"]
    assert len(points) == (3 if earlier else 2)
    drained = machine.table()
    for point in points:
        machine.reset()
        run.kill_at(point)
        said = machine.run("start").finish()
        assert machine.table() in {drained, expected}, point
        assert ("it was saved" in said) == (earlier or machine.table() == drained), point


def set_weight(machine: Machine, weight: int) -> None:
    machine.host.ipvsadm(*f"-e -t 10.0.1.1:80 -r 172.16.0.1:80 -g -w {weight}".split())
