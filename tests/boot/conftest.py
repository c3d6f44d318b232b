"""Boots the boot tier's clusters, and inspects their hosts by other programs than lvsboot."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import testinfra

from lab import cache
from lab import cluster as clusters
from lab.cluster import Cluster, Kind
from lab.ways import Seeded, Way


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests measured: reports come from other processes, with their properties."""
    reports = terminalreporter.getreports("passed")
    lines = [
        text for report in reports for name, text in report.user_properties if name == "figure"
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(str(line))


@contextmanager
def booting(
    kind: Kind, request: pytest.FixtureRequest, way: Way | None = None
) -> Iterator[Cluster]:
    """The cluster, starting up; where one of its tests fails, its consoles and journals stay."""
    failed_before = request.session.testsfailed
    with clusters.running(kind, way or Seeded()) as cluster:
        yield cluster
        if request.session.testsfailed > failed_before:
            pytest.fail(f"consoles and journals: {cluster.folder}", pytrace=False)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Other processes wait with their boots: eight machines on two cores are too slow."""
    with cache.lock("boots"):
        yield


def host(cluster: Cluster, name: str) -> Any:
    """One of the cluster's hosts, as testinfra sees it."""
    return testinfra.get_host(f"ssh://{name}", ssh_config=str(cluster.folder / "ssh_config"))


@dataclass(frozen=True, slots=True)
class Load:
    """What became of a number of requests: by the bodies of the answers, who answered them."""

    answers: Counter[str]
    failed: int

    def share(self, name: str) -> float:
        return self.answers[name] / self.answers.total()


def send_requests(cluster: Cluster, number: int, *, at_once: int = 10) -> Load:
    said = cluster.client.run(f"ab -q -v 4 -c {at_once} -n {number} http://{clusters.VIP}/")
    failed = re.findall(r"^(?:Failed requests|Non-2xx responses): +(\d+)", said, re.MULTILINE)
    answers = Counter(re.findall(r"^(rs\d)$", said, re.MULTILINE))
    return Load(answers, sum(int(count) for count in failed))


def assert_clean_boot(cluster: Cluster, name: str) -> None:
    """No unit failed, and systemd dropped none to break a cycle."""
    vm = cluster.machines[name]
    assert vm.run("systemctl list-units --failed --no-legend --plain") == "", name
    journal = vm.run("journalctl -b --no-pager -o cat")
    assert "Linux version" in journal  # it reaches back to the boot's beginning
    assert "ordering cycle" not in journal, name


def monotonic(cluster: Cluster, name: str, unit: str, event: str) -> int:
    """When in this boot a unit's event was, in microseconds; it must have been."""
    shown = cluster.machines[name].run(f"systemctl show -P {event}TimestampMonotonic {unit}")
    assert int(shown) > 0, f"{name}: {unit} has had no {event}"
    return int(shown)


def assert_order(cluster: Cluster, name: str, *steps: tuple[str, str]) -> None:
    """In this boot the units' events, as (unit, event), came one after the other."""
    times = [monotonic(cluster, name, unit, event) for unit, event in steps]
    assert times == sorted(times), (name, list(zip(steps, times, strict=True)))


def assert_lvs_came_before_the_network(cluster: Cluster, name: str) -> None:
    """Its settings, then its rules and VIPs, and only then an address that anybody could reach."""
    assert_order(
        cluster,
        name,
        ("systemd-sysctl.service", "ActiveEnter"),
        ("lvs.service", "ActiveEnter"),
        ("network-pre.target", "ActiveEnter"),
        # Only networkd gives a NIC of these machines an address.
        ("systemd-networkd.service", "ExecMainStart"),
    )
