"""render and apply, killed wherever they write: no file is half, and a second run completes."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.points import KILLED, Point, Run
from tests.golden import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
LVSBOOT = (sys.executable, "-m", "lvsboot")
# Root in a namespace of its own, whose /etc, /var/lib and /run are those of the folder.
IN_FOLDER = (
    *("unshare", "--mount", "--map-root-user", "sh", "-ec"),
    'for at in etc var/lib run; do mount --bind "$1/$at" "/$at"; done; shift; exec "$@"',
    "sh",
)
MANIFEST = "var/lib/lvs/manifest.json"
FIRST = """\
version: 1
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: lo}, {address: 192.0.2.2, interface: lo}]
  services:
    - {vip: 192.0.2.1, port: 80, real_servers: [{address: 198.51.100.1}]}
    - {vip: 192.0.2.2, port: 80, real_servers: [{address: 198.51.100.1}]}
  vip_on_stop: remove
"""
SECOND = """\
version: 1
hostname: director
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: lo}, {address: 192.0.2.3, interface: lo}]
  services:
    - {vip: 192.0.2.1, port: 80, real_servers: [{address: 198.51.100.1, weight: 3}]}
    - {vip: 192.0.2.3, port: 80, real_servers: [{address: 198.51.100.1}]}
    - fwmark: 1
      family: ipv4
      match: [{vip: 192.0.2.1, protocol: tcp, ports: [443]}]
      real_servers: [{address: 198.51.100.1}]
  foreign_services: remove
"""

THIRD = """\
version: 1
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: lo}, {address: 192.0.2.4, interface: lo}]
  services:
    - {vip: 192.0.2.1, port: 80, real_servers: [{address: 198.51.100.1, weight: 5}]}
    - {vip: 192.0.2.4, port: 80, real_servers: [{address: 198.51.100.1}]}
  vip_on_stop: remove
"""

State = dict[str, tuple[int, str]]


def state(folder: Path) -> State:
    """Mode and content of all that is in a folder, by path."""
    found: State = {}
    for place in sorted(folder.rglob("*")):
        mode = place.lstat().st_mode
        content = ""
        if stat.S_ISLNK(mode):
            content = str(place.readlink())
        elif stat.S_ISREG(mode):
            content = place.read_bytes().hex()
        found[str(place.relative_to(folder))] = (mode, content)
    return found


class Scenario:
    """A folder as it is before, and a run that changes it."""

    def __init__(self, scratch: Path, run: Callable[[Path], Run]) -> None:
        self._scratch = scratch
        self._run = run
        self.before = scratch / "before"
        self.before.mkdir()

    def on_a_copy(self, name: str) -> tuple[Path, Run]:
        folder = self._scratch / name
        shutil.copytree(self.before, folder, symlinks=True)
        return folder, self._run(folder)

    def each_point(self, points: list[Point], check: Callable[[int], None]) -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for index, done in enumerate([pool.submit(check, i) for i in range(len(points))]):
                assert done.exception() is None, f"{points[index]}: {done.exception()}"

    def kill_everywhere(self) -> list[Point]:
        traced, run = self.on_a_copy("traced")
        points = run.points()
        folder, run = self.on_a_copy("undisturbed")
        said = run.finish()
        before, after = state(self.before), state(folder)
        assert differences(state(traced), after) == []
        shutil.rmtree(traced)

        def kill(index: int) -> None:
            folder, run = self.on_a_copy(f"point-{index}")
            said_before = run.kill_at(points[index])
            found = state(folder)
            assert whole(found, before, after) == []
            said_after = run.finish()
            assert commands(said) <= commands(said_before) | commands(said_after)
            assert differences(state(folder), after) == []
            shutil.rmtree(folder)

        self.each_point(points, kill)
        return points

    def kill_everywhere_and_change(self, role: str, file: str) -> list[Point]:
        """Killed at each of its calls, and then given another role in `file`.

        What then stands there is what that role has, and nothing that only the killed one had.
        """
        traced, run = self.on_a_copy("traced")
        points = run.points()
        wanted = []
        # With all that the killed run would have done, and with nothing of it.
        for folder in (traced, self.on_a_copy("undisturbed")[0]):
            (folder / file).write_text(role, encoding="utf-8")
            self._run(folder).finish()
            wanted.append(state(folder))

        def kill(index: int) -> None:
            folder, run = self.on_a_copy(f"point-{index}")
            run.kill_at(points[index])
            (folder / file).write_text(role, encoding="utf-8")
            run.finish()
            assert foreign(state(folder), *wanted) == []
            shutil.rmtree(folder)

        self.each_point(points, kill)
        return points


def foreign(found: State, *wanted: State) -> list[str]:
    """Paths at which none of those has what is found; of files aside one may have more of them."""
    return sorted(
        path
        for path in {*found}.union(*wanted)
        if found.get(path) not in [it.get(path) for it in wanted] and not path.endswith("lock")
    )


def whole(found: State, before: State, after: State) -> list[str]:
    """Paths that hold neither the old nor the new, temporaries left out."""
    passing = (".lvs-new", "/lock")
    paths = [path for path in found if not path.endswith(passing) and not path.startswith("run/")]
    if MANIFEST in found:
        # On the way it names old and new.
        assert json.loads(bytes.fromhex(found[MANIFEST][1]))["version"] == 1
    return [
        path
        for path in paths
        if found[path] not in (before.get(path), after.get(path)) and path != MANIFEST
    ]


def differences(found: State, wanted: State) -> list[str]:
    """What /run holds of locks says who held them last."""
    return sorted(
        path
        for path in {*found, *wanted}
        if found.get(path) != wanted.get(path) and not path.endswith("lock")
    )


def commands(said: str) -> set[str]:
    """What systemctl and others were told."""
    return set(re.findall(r"^run (.*)", said, re.MULTILINE))


def render(role: Path) -> Callable[[Path], Run]:
    return lambda folder: Run([*LVSBOOT, "render", str(role), "--root", str(folder)])


def test_render_into_an_image(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, render(EXAMPLES / "tun/director.yaml"))
    link = "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
    (scenario.before / link).parent.mkdir(parents=True)
    (scenario.before / link).symlink_to("/usr/lib/systemd/system/systemd-networkd.service")
    KILLED["render"] = scenario.kill_everywhere()
    assert len(KILLED["render"]) > 100


@pytest.fixture
def applied(tmp_path: Path) -> Scenario:
    """A host with an applied role, an edited file, another's file, saved rules, and a new role."""
    driver = str(Path(__file__).with_name("driver.py"))

    def apply(folder: Path) -> Run:
        return Run([sys.executable, driver, "apply"], [*IN_FOLDER, str(folder)])

    scenario = Scenario(tmp_path, apply)
    for name in ("etc/lvs", "var/lib/lvs", "run"):
        (scenario.before / name).mkdir(parents=True)
    role = scenario.before / "etc/lvs/role.yaml"
    role.write_text(FIRST, encoding="utf-8")
    apply(scenario.before).finish()
    shutil.rmtree(scenario.before / "run/lvs")
    role.write_text(SECOND, encoding="utf-8")
    with (scenario.before / "etc/sysctl.d/90-lvs.conf").open("a", encoding="utf-8") as sysctl:
        sysctl.write("# edited\n")
    (scenario.before / "etc/hostname").write_text("somebody's\n", encoding="utf-8")
    (scenario.before / "var/lib/lvs/saved.rules").write_text("-C\n", encoding="utf-8")
    return scenario


def test_apply_a_second_role(applied: Scenario) -> None:
    KILLED["apply"] = applied.kill_everywhere()
    assert len(KILLED["apply"]) > 80


def test_apply_a_third_role_after_a_killed_second(applied: Scenario) -> None:
    points = applied.kill_everywhere_and_change(THIRD, "etc/lvs/role.yaml")
    KILLED["apply, and then another role"] = points
    assert len(points) > 80
