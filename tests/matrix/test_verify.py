"""verify on booted hosts: nothing is wrong as they boot, and of a breakage just that is named."""

from __future__ import annotations

import json

import pytest

from lab.cluster import VIP, Cluster

pytestmark = pytest.mark.cluster


def verify(cluster: Cluster, name: str) -> tuple[set[str], str]:
    """The checks that found something or could not look, and all that was printed."""
    said = cluster.machines[name].run("lvsboot verify --json || [ $? -eq 2 ]")
    results = json.loads(said)["results"]
    return {result["id"] for result in results if result["outcome"] != "ok"}, said


@pytest.mark.parametrize("name", ["director", "rs1", "rs2"])
def test_nothing_is_wrong_after_a_boot(cluster: Cluster, name: str) -> None:
    found, said = verify(cluster, name)
    assert found == set(), said


# What breaks, what undoes it, and the checks that find it: what follows from it, too.
BREAKAGES = {
    "director": [
        (
            "systemctl stop lvs-announce",
            "systemctl start lvs-announce",
            {"units.active"},
        ),
        (
            "systemctl disable -q lvs",
            "systemctl enable -q lvs",
            {"units.enabled"},
        ),
        (
            "rm /etc/systemd/system/ipvsadm.service",
            "ln -s /dev/null /etc/systemd/system/ipvsadm.service",
            {"debian.ipvsadm"},
        ),
        (
            "systemctl stop lvs",
            "systemctl start lvs",
            {"units.active", "table.services"},
        ),
        (
            f"ip address delete {VIP}/32 dev eth0",
            "networkctl reconfigure eth0; sleep 3",
            {"vip.present"},
        ),
    ],
    "rs1": [
        (
            "systemctl stop lvs-vip-keep.path",
            "systemctl start lvs-vip-keep.path",
            {"units.active"},
        ),
        (
            "systemctl stop lvs-arp.path",
            "systemctl start lvs-arp.path",
            {"units.active"},
        ),
        (
            "systemctl stop lvs",
            "systemctl start lvs",
            {"units.active", "vip.present", "vip.route"},
        ),
        (
            f"systemctl stop lvs-vip@{VIP}",
            "systemctl restart lvs",
            {"units.active", "vip.present", "vip.route"},
        ),
        (
            "systemctl stop lvs-arp.path; "
            "echo 'net.ipv4.conf.all.arp_ignore=3' >/etc/sysctl.d/99-x.conf",
            "rm /etc/sysctl.d/99-x.conf; systemctl start lvs-arp.path",
            {"units.active", "arp.guard", "sysctl.boot"},
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "breaks", "undo", "expected"),
    [
        pytest.param(name, *breakage, id=f"{name}: {breakage[0]}")
        for name, breakages in BREAKAGES.items()
        for breakage in breakages
    ],
)
def test_a_breakage_is_named(
    cluster: Cluster, name: str, breaks: str, undo: str, expected: set[str]
) -> None:
    machine = cluster.machines[name]
    machine.run(breaks)
    try:
        found, said = verify(cluster, name)
    finally:
        machine.run(undo)
    assert found == expected, said


@pytest.mark.parametrize("name", ["director", "rs1"])
def test_each_was_undone(cluster: Cluster, name: str) -> None:
    found, said = verify(cluster, name)
    assert found == set(), said
