"""A director is restarted over and over under load, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.cluster import Cluster
from tests.matrix.figures import cycles, figure
from tests.matrix.load import loading
from tests.matrix.netlink import DELETIONS, watching_netlink

pytestmark = pytest.mark.xdist_group("debian 13")

# What an administrator might write, and what distributions' units do.
FLUSHING = """\
[Service]
ExecStart=
ExecStart=/bin/sh -c 'ipvsadm -C; ipvsadm -R < /etc/lvs/ipvs.rules'
ExecStop=
"""
DROP_IN = "/run/systemd/system/lvs.service.d/zz-lab.conf"


def restart(cluster: Cluster, number: int) -> None:
    each = "systemctl restart lvs || exit"
    cluster.director.run(f"for i in $(seq {number}); do {each}; done", timeout=60 + 20 * number)


@contextmanager
def flushing(cluster: Cluster) -> Iterator[None]:
    """The loader replaced by one that begins with an empty table."""
    cluster.director.run(f"mkdir -p {DROP_IN.rpartition('/')[0]}")
    cluster.director.run(f"cat > {DROP_IN} <<'END'\n{FLUSHING}END\nsystemctl daemon-reload")
    try:
        yield
    finally:
        cluster.director.run(f"rm {DROP_IN}; systemctl daemon-reload; systemctl restart lvs")


@pytest.fixture(params=[0, 1])
def expire_nodest_conn(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[int]:
    """With 1 the kernel ends the connections of a destination the moment that it is deleted."""
    value: int = request.param
    cluster.director.run(f"sysctl -q -w net.ipv4.vs.expire_nodest_conn={value}")
    yield value
    cluster.director.run("sysctl -q -w net.ipv4.vs.expire_nodest_conn=0")


def test_restarts_lose_nothing(cluster: Cluster, expire_nodest_conn: int) -> None:
    number = cycles()
    with watching_netlink(cluster.director) as sent, loading(cluster.client) as load:
        restart(cluster, number)
    deletions = {DELETIONS[it]: count for it, count in sent.items() if it in DELETIONS}
    figure(
        f"{number} restarts, expire_nodest_conn={expire_nodest_conn}: {load}; "
        f"{sent.total():,} messages to IPVS, deletions {deletions or 'none'}"
    )
    assert load.requests >= load.ENOUGH
    assert load.failed == 0
    assert load.broken == ""
    # The watch saw every restart, and no deletion in any.
    assert sent.total() >= number
    assert deletions == {}


def test_a_loader_that_flushes_loses_requests(cluster: Cluster, expire_nodest_conn: int) -> None:
    """The control of the test above: the same load, and the same watch."""
    with (
        flushing(cluster),
        watching_netlink(cluster.director) as sent,
        loading(cluster.client, at_least=0) as load,
    ):
        number = cycles()
        restart(cluster, number)
    deletions = {DELETIONS[it]: count for it, count in sent.items() if it in DELETIONS}
    figure(
        f"{number} times `ipvsadm -C; ipvsadm -R`, expire_nodest_conn={expire_nodest_conn}: "
        f"{load}; deletions {deletions}"
    )
    assert load.failed > 0
    assert sum(deletions.values()) >= number
    if expire_nodest_conn:
        assert load.broken != ""
