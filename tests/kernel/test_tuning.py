"""net.ipv4.vs.* are what the role says, whenever ip_vs was loaded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.units import RoleHost

ROLE = """\
version: 1
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: eth0}]
  services: []
  tuning: {sync_threshold: "4 60", expire_nodest_conn: 1}
"""
WANTED = {"sync_threshold": "4 60", "expire_nodest_conn": "1"}


@pytest.fixture
def director() -> Iterator[RoleHost]:
    director = RoleHost("tuned")
    director.become(ROLE)
    yield director
    director.remove()


def in_force(host: RoleHost) -> dict[str, str]:
    values = {key: host.run("sysctl", "-n", f"net.ipv4.vs.{key}") for key in WANTED}
    return {key: " ".join(value.split()) for key, value in values.items()}


def test_a_module_that_came_late_is_tuned(director: RoleHost) -> None:
    """With its own defaults, which nothing has changed since."""
    director.run("sysctl", "-q", "-w", "net.ipv4.vs.sync_threshold=3 50")
    director.run("sysctl", "-q", "-w", "net.ipv4.vs.expire_nodest_conn=0")
    director.finish_start("lvs.service")
    assert in_force(director) == WANTED
