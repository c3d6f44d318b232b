"""A real server starts and stops in every way, and never answers or announces ARP for the VIP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.cluster import VIP, Cluster
from lab.shell import LabError
from lab.vm import VM
from tests.boot.conftest import assert_clean_boot, assert_lvs_came_before_the_network
from tests.boot.segment import Watch, asking, assert_asked_throughout, watch
from tests.matrix.figures import cycles, figure

pytestmark = pytest.mark.cluster

REAL_SERVERS = ("rs1", "rs2")


@contextmanager
def heard(cluster: Cluster) -> Iterator[Watch]:
    """Every ARP frame about the VIP, while another host asks for it all the time."""
    with watch(cluster.client, "arp") as seen, asking(cluster.client, VIP):
        yield seen


def assert_only_the_director_answered(cluster: Cluster, seen: Watch, what: str) -> None:
    answers = seen.answers_for(VIP)
    ours = [frame for frame in answers if frame.source == cluster.mac("director")]
    figure(
        f"{what}: {len(seen.questions_for(VIP)):,} questions, {len(ours):,} answers by the "
        f"director, {len(answers) - len(ours)} by anybody else"
    )
    assert_asked_throughout(seen, VIP)
    assert ours
    assert answers == ours


def vip_is_up(vm: VM) -> bool:
    return f" {VIP}/32 " in vm.run("ip -4 -o address show dev lo")


def test_stops_starts_and_restarts(cluster: Cluster) -> None:
    number = max(1, cycles() // 2)
    verbs = " && ".join(f"systemctl {verb} lvs" for verb in ("stop", "start", "restart"))
    rs1 = cluster.machines["rs1"]
    with heard(cluster) as seen:
        rs1.run(f"for i in $(seq {number}); do {verbs} || exit; done", timeout=60 + 40 * number)
    assert_only_the_director_answered(cluster, seen, f"{number} stops, starts and restarts")
    assert vip_is_up(rs1)


def test_boots(cluster: Cluster) -> None:
    number = max(1, cycles() // 20)
    with heard(cluster) as seen:
        for _ in range(number):
            boots = {name: cluster.machines[name].begin_reboot() for name in REAL_SERVERS}
            for name, boot in boots.items():
                cluster.machines[name].wait_until_booted(previous_boot=boot)
                assert_clean_boot(cluster, name)
                assert_lvs_came_before_the_network(cluster, name)
    assert_only_the_director_answered(cluster, seen, f"{number} boots of two real servers")


def test_the_directors_boot(cluster: Cluster) -> None:
    boot = cluster.director.begin_reboot()
    with watch(cluster.client, "arp") as seen:
        cluster.director.wait_until_booted(previous_boot=boot)
        # It was announced: nobody asked.
        cluster.director.run("systemctl is-active lvs-announce && sleep 3")
    assert_clean_boot(cluster, "director")
    assert_lvs_came_before_the_network(cluster, "director")
    announced = [frame for frame in seen.answers_for(VIP) if frame.destination == "ff" + ":ff" * 5]
    assert {frame.source for frame in announced} == {cluster.mac("director")}
    assert len(announced) >= 6  # three times, as a request and as a reply
    cluster.director.run("systemctl is-active lvs-announce")


def test_a_new_nic_new_settings_and_the_networks_restart(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    try:
        with heard(cluster) as seen:
            rs1.run("ip link add lab0 link eth0 type macvlan mode bridge && sleep 1")
            rs1.run("ip address add 172.16.14.21/16 dev lab0 && ip link set lab0 up && sleep 2")
            rs1.run("sysctl --system && sleep 1")
            rs1.run("systemctl restart systemd-networkd && sleep 3")
    finally:
        rs1.run("ip link delete lab0")
    assert_only_the_director_answered(cluster, seen, "a new NIC, sysctl --system, networkd")
    assert vip_is_up(rs1)


def test_a_file_that_would_let_it_answer_takes_the_vip_down(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    bad = "/etc/sysctl.d/99-tuning.conf"
    try:
        with heard(cluster) as seen:
            # The glob alone opens nothing: it overrides no line that names `all`.
            rs1.run(f"printf 'net.ipv4.conf.%s.arp_ignore = 0\\n' all '*' > {bad}")
            rs1.run(f"for i in $(seq 100); do ip -4 -o address show dev lo | grep -q {VIP} "
                    "|| exit 0; sleep 0.1; done; exit 1")  # fmt: skip
            rs1.run("sysctl --system && sleep 1")
            with pytest.raises(LabError):
                rs1.run("systemctl restart lvs")
            said = rs1.run("systemctl status lvs --no-pager -l; true")
            rs1.run(f"rm {bad} && sysctl --system && systemctl restart lvs && sleep 1")
    finally:
        rs1.run(f"rm -f {bad}")
    assert f"{bad}:1 makes net.ipv4.conf.all.arp_ignore 0" in " ".join(said.split())
    assert_only_the_director_answered(cluster, seen, "a file that sets arp_ignore=0")
    assert vip_is_up(rs1)
    assert rs1.run("systemctl list-units --failed --no-legend --plain lvs.service") == ""


def test_without_the_settings_it_would_be_heard(cluster: Cluster) -> None:
    """The control of all tests above: the same capture, with ARP allowed by hand."""
    rs1 = cluster.machines["rs1"]
    keys = " ".join(f"net.ipv4.conf.{device}.arp_ignore=0" for device in ("all", "eth0"))
    try:
        with heard(cluster) as seen:
            rs1.run(f"sysctl -q -w {keys} && sleep 1")
    finally:
        # A restart finds the manual change.
        rs1.run("systemctl restart lvs")
        cluster.client.run(f"ip neighbour flush to {VIP}")
    assert cluster.mac("rs1") in {frame.source for frame in seen.answers_for(VIP)}
    with heard(cluster) as seen:
        cluster.client.run("sleep 1")
    assert_only_the_director_answered(cluster, seen, "after a restart set it right")
