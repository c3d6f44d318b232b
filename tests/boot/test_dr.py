"""The DR cluster, booted from cloud-init seeds, and again after a reboot of all its servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from lab import ipvsadm
from lab.cluster import VIP, Cluster, Kind
from tests.boot.conftest import (
    assert_clean_boot,
    assert_lvs_came_before_the_network,
    assert_order,
    booting,
    host,
    one_at_a_time,
    send_requests,
)
from tests.boot.segment import Watch, asking, assert_asked_throughout, watch
from tests.boot.shares import apply_line, share_line

SERVERS = ("director", "rs1", "rs2")
REAL_SERVERS = ("rs1", "rs2")


@dataclass(frozen=True, slots=True)
class Boot:
    """The cluster after a boot, and all ARP of its segment while it booted."""

    cluster: Cluster
    arp: Watch
    first: bool


@pytest.fixture(scope="module")
def first_boot(request: pytest.FixtureRequest) -> Iterator[Boot]:
    with ExitStack() as stack:
        with one_at_a_time():
            cluster = stack.enter_context(booting(Kind.DR, request))
            # The client is up long before the others: it sees their first frames.
            cluster.client.wait_until_booted()
            with watch(cluster.client, "arp") as seen, asking(cluster.client, VIP):
                cluster.wait_until_booted()
        yield Boot(cluster, seen, first=True)


@pytest.fixture(scope="module", params=["first boot", "reboot"])
def boot(request: pytest.FixtureRequest, first_boot: Boot) -> Boot:
    if request.param == "first boot":
        return first_boot
    cluster = first_boot.cluster
    with (
        one_at_a_time(),
        watch(cluster.client, "arp") as seen,
        asking(cluster.client, VIP),
    ):
        cluster.reboot()
    return Boot(cluster, seen, first=False)


@pytest.fixture(scope="module")
def cluster(boot: Boot) -> Cluster:
    return boot.cluster


@pytest.mark.parametrize("name", SERVERS)
def test_boot_is_clean(cluster: Cluster, name: str) -> None:
    assert_clean_boot(cluster, name)
    assert cluster.machines[name].run("hostname").strip() == name


def test_units_ran_in_order(boot: Boot) -> None:
    """Comes before the tests that start and stop units: it asks when they last were."""
    for name in SERVERS:
        if boot.first:
            # cloud-init writes the role in its network stage; its config stage finds it applied.
            assert_order(
                boot.cluster,
                name,
                ("cloud-init-network.service", "ActiveEnter"),
                ("lvs-provision.service", "ExecMainStart"),
                ("lvs-provision.service", "ExecMainExit"),
                ("cloud-config.service", "InactiveExit"),
            )
        else:
            assert_lvs_came_before_the_network(boot.cluster, name)


def test_the_time_of_the_provisioner_is_counted(
    boot: Boot, record_property: Callable[[str, object], None]
) -> None:
    """And printed, with that of an apply which has nothing to do; no time is asserted."""
    if boot.first:
        for name in SERVERS:
            record_property("figure", share_line(boot.cluster.machines[name]))
    else:
        record_property("figure", apply_line(boot.cluster.director))


def test_only_the_director_ever_answered_for_the_vip(boot: Boot) -> None:
    assert_asked_throughout(boot.arp, VIP)
    assert {frame.source for frame in boot.arp.answers_for(VIP)} == {boot.cluster.mac("director")}


def test_a_real_server_that_answers_would_be_seen(first_boot: Boot) -> None:
    """The control of the test above: the same watch, with ARP let loose on one real server."""
    cluster = first_boot.cluster
    keys = [f"net.ipv4.conf.{name}.arp_ignore" for name in ("all", "lo", "eth0")]
    before = cluster.machines["rs1"].run(f"sysctl {' '.join(keys)} | tr -d ' '").split()
    cluster.machines["rs1"].run(f"sysctl -w {' '.join(f'{key}=0' for key in keys)}")
    try:
        with watch(cluster.client, "arp") as seen, asking(cluster.client, VIP):
            cluster.client.run("sleep 1")
    finally:
        cluster.machines["rs1"].run(f"sysctl -w {' '.join(before)}")
        # The client has believed the false answers, too.
        cluster.client.run(f"ip neighbour flush to {VIP}")
    assert cluster.mac("rs1") in {frame.source for frame in seen.answers_for(VIP)}


def test_wrr_follows_the_weights(cluster: Cluster) -> None:
    service = ipvsadm.read_service(cluster.director)
    assert service.scheduler == "wlc"
    weights = [(server.address, server.weight) for server in service.real_servers]
    assert weights == [("172.16.14.11", 2), ("172.16.14.12", 4)]
    cluster.director.run(f"ipvsadm -E -t {VIP}:80 -s wrr")
    try:
        load = send_requests(cluster, 600)
    finally:
        cluster.director.run(f"ipvsadm -E -t {VIP}:80 -s wlc")
    assert load.failed == 0
    assert load.answers.total() == 600
    assert load.share("rs1") == pytest.approx(2 / 6, rel=0.05)
    assert load.share("rs2") == pytest.approx(4 / 6, rel=0.05)


def test_answers_leave_the_real_servers_directly(cluster: Cluster) -> None:
    with watch(cluster.client, "tcp port 80") as seen:
        send_requests(cluster, 30)
    flows = [(frame, frame.flow) for frame in seen.frames]
    answers = {frame.source for frame, flow in flows if flow and flow[:2] == (VIP, 80)}
    requests = [frame for frame, flow in flows if flow and flow[2:] == (VIP, 80)]
    servers = {cluster.mac(name) for name in REAL_SERVERS}
    assert answers == servers
    # The client knows the director only; the director passes each frame on as it came.
    steps = {(frame.source, frame.destination) for frame in requests}
    client, director = cluster.mac("client"), cluster.mac("director")
    assert steps == {(client, director), *((director, server) for server in servers)}


@pytest.mark.parametrize("name", REAL_SERVERS)
def test_real_server_keeps_the_vip_to_itself(cluster: Cluster, name: str) -> None:
    server = host(cluster, name)
    for interface in ("all", "lo"):
        assert server.sysctl(f"net.ipv4.conf.{interface}.arp_ignore") == 1
        assert server.sysctl(f"net.ipv4.conf.{interface}.arp_announce") == 2
    assert vip_on(cluster, name, "lo") == (VIP, 32)
    assert vip_on(cluster, name, "eth0") is None
    (route,) = json.loads(server.check_output(f"ip -j route show table local {VIP}/32"))
    assert (route["type"], route["dev"], route["dst"]) == ("local", "lo", VIP)
    (route,) = json.loads(server.check_output(f"ip -j route show table main {VIP}/32"))
    assert (route["dev"], route["dst"]) == ("lo", VIP)


def test_director_holds_the_vip(cluster: Cluster) -> None:
    assert vip_on(cluster, "director", "eth0") == (VIP, 32)
    director = host(cluster, "director")
    for interface in ("all", "default", "eth0"):
        assert director.sysctl(f"net.ipv4.conf.{interface}.send_redirects") == 0


def test_stop_takes_only_what_is_ours(cluster: Cluster) -> None:
    director = cluster.director
    director.run("ipvsadm -A -t 192.0.2.1:81 -s rr")
    try:
        director.run("systemctl stop lvs")
        stopped = director.run("ipvsadm -Sn")
        director.run("systemctl start lvs")
        started = director.run("ipvsadm -Sn")
    finally:
        director.run("ipvsadm -D -t 192.0.2.1:81")
    assert "192.0.2.1:81" in stopped
    assert VIP not in stopped
    assert vip_on(cluster, "director", "eth0") == (VIP, 32)
    assert f"-t {VIP}:80 -r 172.16.14.12:80 -g -w 4" in started
    assert "192.0.2.1:81" in started


def test_restart_loses_nothing(cluster: Cluster) -> None:
    send_requests(cluster, 50)
    before = connections(cluster)
    cluster.director.run("systemctl restart lvs")
    assert len(before) >= 50
    assert before <= connections(cluster)
    assert send_requests(cluster, 20).failed == 0


def test_real_server_stop_start_restart(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    monitor = "systemd-run --quiet --unit=lab-monitor -p StandardOutput=truncate:/tmp/monitor"
    rs1.run(f"{monitor} ip -o monitor address && sleep 1")
    try:
        rs1.run("systemctl restart lvs")
        assert vip_on(cluster, "rs1", "lo") == (VIP, 32)
        assert f"Deleted 1: lo    inet {VIP}/32" not in rs1.run("cat /tmp/monitor")
        rs1.run("systemctl stop lvs")
        assert vip_on(cluster, "rs1", "lo") is None
        # The control: the monitor sees an address go.
        assert f"inet {VIP}/32" in rs1.run("sleep 0.5; grep Deleted /tmp/monitor")
        rs1.run("systemctl start lvs")
        assert vip_on(cluster, "rs1", "lo") == (VIP, 32)
    finally:
        rs1.run("systemctl stop lab-monitor; systemctl start lvs")


@pytest.mark.parametrize("name", SERVERS)
def test_systemd_finds_nothing_wrong_with_the_units(first_boot: Boot, name: str) -> None:
    names = ("lvs", "lvs-save", "lvs-provision", "lvs-nft", "lvs-tunnel", "lvs-vip@192.0.2.1")
    units = " ".join(f"{name}.service" for name in names)
    # The lab's image carries no manual pages.
    verified = host(first_boot.cluster, name).run(f"systemd-analyze verify --man=no {units}")
    assert (verified.rc, verified.stderr) == (0, "")


def test_cloud_init_accepts_the_seed(first_boot: Boot) -> None:
    director = host(first_boot.cluster, "director")
    assert director.check_output("cloud-init status") == "status: done"
    director.check_output("mount -o ro /dev/disk/by-label/CIDATA /mnt")
    try:
        for kind, file in (("cloud-config", "user-data"), ("network-config", "network-config")):
            command = f"cloud-init schema --schema-type {kind} --config-file /mnt/{file}"
            assert "Valid schema" in director.check_output(command)
    finally:
        director.run("umount /mnt")


def vip_on(cluster: Cluster, name: str, interface: str) -> tuple[str, int] | None:
    """The VIP and its prefix length as `ip` shows them on the interface; None: it is not there."""
    shown = json.loads(cluster.machines[name].run(f"ip -j address show dev {interface}"))
    for address in shown[0]["addr_info"]:
        if address["local"] == VIP:
            return VIP, address["prefixlen"]
    return None


def connections(cluster: Cluster) -> set[tuple[str, ...]]:
    """The kernel's connection entries: client, service and the real server that has it."""
    rows = cluster.director.run("ipvsadm -Lnc").splitlines()
    return {tuple(row.split()[3:6]) for row in rows if row.startswith("TCP")}
