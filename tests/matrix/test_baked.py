"""The DR cluster from disks that carry the roles: no seed, and no cloud-init to read one.

On every release of Debian, with each unit that it ships: ARP about the VIP is captured while real
servers and director boot, and their service is started, stopped and restarted.
"""

from __future__ import annotations

import pytest

from lab.cluster import ROLES, Cluster
from tests.boot.conftest import (
    assert_clean_boot,
    assert_lvs_came_before_the_network,
    host,
    send_requests,
)

RELEASES = {"cluster": "13", "debian_12": "12"}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("cluster", id="debian 13", marks=pytest.mark.cluster),
        pytest.param("debian_12", id="debian 12", marks=pytest.mark.turn(day=1)),
    ],
)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def baked(request: pytest.FixtureRequest, release: str) -> Cluster:
    cluster: Cluster = request.getfixturevalue(release)
    return cluster


@pytest.mark.parametrize("name", ROLES)
def test_boots_into_its_role_without_cloud_init(baked: Cluster, release: str, name: str) -> None:
    server = host(baked, name)
    assert server.system_info.release == RELEASES[release]
    assert not server.package("cloud-init").is_installed
    assert server.check_output("hostname") == name
    assert_clean_boot(baked, name)


@pytest.mark.parametrize("name", ROLES)
def test_lvs_is_up_before_the_network(baked: Cluster, name: str) -> None:
    assert_lvs_came_before_the_network(baked, name)


def test_serves(baked: Cluster) -> None:
    load = send_requests(baked, 100)
    assert load.failed == 0
    assert set(load.answers) == {"rs1", "rs2"}
