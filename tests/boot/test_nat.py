"""The NAT cluster, booted from cloud-init seeds, and again after a reboot of all its servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lab import ipvsadm
from lab.cluster import CLIENT, VIP, Cluster, Kind
from tests.boot.conftest import assert_clean_boot, booting, host, one_at_a_time, send_requests
from tests.boot.segment import watch

INSIDE = {"rs1": "10.0.0.11", "rs2": "10.0.0.12"}


@pytest.fixture(scope="module")
def first_boot(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with ExitStack() as stack:
        with one_at_a_time():
            cluster = stack.enter_context(booting(Kind.NAT, request))
            cluster.wait_until_booted()
        yield cluster


@pytest.fixture(scope="module", params=["first boot", "reboot"])
def cluster(request: pytest.FixtureRequest, first_boot: Cluster) -> Cluster:
    if request.param == "reboot":
        with one_at_a_time():
            first_boot.reboot()
    return first_boot


@pytest.mark.parametrize("name", ["director", "rs1", "rs2"])
def test_boot_is_clean(cluster: Cluster, name: str) -> None:
    assert_clean_boot(cluster, name)


def test_both_directions_pass_the_director(cluster: Cluster) -> None:
    """Outside only the VIP speaks; inside the real servers answer through the director."""
    rs1 = cluster.machines["rs1"]
    with watch(cluster.client, "ip") as outside, watch(rs1, "tcp port 80") as inside:
        load = send_requests(cluster, 30)
    assert (load.failed, load.answers.total()) == (0, 30)

    answers = [frame for frame in outside.frames if frame.text.startswith(f"{VIP}.80 > {CLIENT}.")]
    assert {frame.source for frame in answers} == {cluster.mac("director")}
    addresses = {word for frame in outside.frames if frame.flow for word in frame.flow[::2]}
    assert addresses == {VIP, CLIENT}

    gateway = cluster.mac("director", 1)
    requests = {
        (frame.source, frame.destination, frame.flow[2])
        for frame in inside.frames
        if frame.flow and frame.flow[0] == CLIENT
    }
    replies = {
        (frame.source, frame.destination, frame.flow[0])
        for frame in inside.frames
        if frame.flow and frame.flow[2] == CLIENT
    }
    assert requests == {(gateway, cluster.mac(name), INSIDE[name]) for name in INSIDE}
    assert replies == {(cluster.mac(name), gateway, INSIDE[name]) for name in INSIDE}


def test_rr_shares_evenly(cluster: Cluster) -> None:
    assert ipvsadm.read_service(cluster.director).scheduler == "rr"
    load = send_requests(cluster, 400)
    assert (load.failed, load.answers.total()) == (0, 400)
    assert load.share("rs1") == pytest.approx(1 / 2, rel=0.05)


def test_director_forwards_and_redirects_nobody(cluster: Cluster) -> None:
    director = host(cluster, "director")
    assert director.sysctl("net.ipv4.ip_forward") == 1
    for interface in ("all", "default", "eth0", "eth1"):
        assert director.sysctl(f"net.ipv4.conf.{interface}.send_redirects") == 0


@pytest.mark.parametrize("name", ["rs1", "rs2"])
def test_real_server_routes_through_the_director(cluster: Cluster, name: str) -> None:
    server = host(cluster, name)
    assert server.check_output("ip route show default").startswith("default via 10.0.0.1 dev eth0")
    assert VIP not in server.check_output("ip address")


def test_real_servers_get_out_under_the_directors_address(cluster: Cluster) -> None:
    """To the one port that the client has open."""
    connect = f"import socket; socket.create_connection(('{CLIENT}', 22), 10)"
    with watch(cluster.client, "tcp dst port 22") as seen:
        cluster.machines["rs1"].run(f'python3 -c "{connect}"')
    sources = {frame.flow[0] for frame in seen.frames if frame.flow}
    assert sources == {"172.16.14.10"}


def test_the_table_is_back_whatever_nftables_does(first_boot: Cluster) -> None:
    """Debian's nftables.service flushes the whole ruleset when it starts, reloads and stops."""
    director = first_boot.director
    ours = "nft list table inet lvsboot >/dev/null 2>&1"
    try:
        for verb in ("start", "reload", "restart", "stop", "start"):
            director.run(f"systemctl {verb} nftables")
            if verb == "stop":
                director.run(f"! {ours}")
                continue
            director.run(f"for i in $(seq 50); do {ours} && exit; sleep 0.1; done; exit 1")
            director.run("systemctl is-active lvs-nft")
    finally:
        director.run("systemctl stop nftables; systemctl start lvs-nft")
    assert send_requests(first_boot, 10).failed == 0
