"""A director is restarted again and again under load, and no request fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.cluster import Cluster
from tests.matrix.figures import cycles, figure
from tests.matrix.load import loading
from tests.matrix.netlink import DELETIONS, watching_netlink

pytestmark = pytest.mark.cluster

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


def restart_with_each_setting(cluster: Cluster, number: int) -> None:
    """As often with each: with 1 the kernel ends a deleted destination's connections at once."""
    try:
        for value in (0, 1):
            cluster.director.run(f"sysctl -q -w net.ipv4.vs.expire_nodest_conn={value}")
            restart(cluster, number)
    finally:
        cluster.director.run("sysctl -q -w net.ipv4.vs.expire_nodest_conn=0")


def test_restarts_lose_nothing(cluster: Cluster) -> None:
    number = cycles()
    with watching_netlink(cluster.director) as sent, loading(cluster.client) as load:
        restart_with_each_setting(cluster, number)
    deletions = {DELETIONS[it]: count for it, count in sent.items() if it in DELETIONS}
    figure(
        f"{number} restarts with expire_nodest_conn=0, and with 1: {load}; "
        f"{sent.total():,} messages to IPVS, deletions {deletions or 'none'}"
    )
    assert load.requests >= load.ENOUGH
    assert load.failed == 0
    assert load.broken == ""
    # The watch saw every restart, and no deletion in any.
    assert sent.total() >= 2 * number
    assert deletions == {}


def test_a_loader_that_flushes_loses_requests(cluster: Cluster) -> None:
    """The control of the test above: the same load, and the same watch."""
    number = max(1, cycles() // 4)
    with (
        flushing(cluster),
        watching_netlink(cluster.director) as sent,
        loading(cluster.client, at_least=0) as load,
    ):
        restart_with_each_setting(cluster, number)
    deletions = {DELETIONS[it]: count for it, count in sent.items() if it in DELETIONS}
    figure(
        f"{number} times `ipvsadm -C; ipvsadm -R` with expire_nodest_conn=0, and with 1: "
        f"{load}; deletions {deletions}"
    )
    assert load.failed > 0
    assert load.broken != ""
    assert sum(deletions.values()) >= 2 * number
