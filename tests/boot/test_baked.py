"""The DR cluster from disks that carry the roles: no seed, and no cloud-init to read one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster import Cluster, Kind
from tests.boot.conftest import assert_clean_boot, booting, host, monotonic, send_requests

SERVERS = ("director", "rs1", "rs2")


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with booting(Kind.DR, request, baked=True) as cluster:
        cluster.wait_until_booted()
        yield cluster


@pytest.mark.parametrize("name", SERVERS)
def test_boots_into_its_role_without_cloud_init(cluster: Cluster, name: str) -> None:
    server = host(cluster, name)
    assert not server.package("cloud-init").is_installed
    assert server.check_output("hostname") == name
    assert_clean_boot(cluster, name)


@pytest.mark.parametrize("name", SERVERS)
def test_lvs_is_up_before_the_network(cluster: Cluster, name: str) -> None:
    steps = [
        ("lvs.service", "ActiveEnter"),
        ("network-pre.target", "ActiveEnter"),
        ("systemd-networkd.service", "ExecMainStart"),
    ]
    times = [monotonic(cluster, name, unit, event) for unit, event in steps]
    assert times == sorted(times)


def test_serves(cluster: Cluster) -> None:
    load = send_requests(cluster, 100)
    assert load.failed == 0
    assert set(load.answers) == {"rs1", "rs2"}
