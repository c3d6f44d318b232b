"""The DR cluster whose roles come as credentials, by SMBIOS: no seed, no cloud-init, no baked role.

All hosts of a release boot from one disk. Debian 13's director has a read-only root, and /var in
memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster import ROLES, VIP, Cluster, Kind
from lab.image import DEBIAN_13, Distribution
from lab.vm import VM
from lab.ways import ByCredential
from tests.boot.conftest import (
    assert_clean_boot,
    assert_lvs_came_before_the_network,
    assert_order,
    booting,
    host,
    send_requests,
)

EARLY = "lvs-provision-early.service"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(DEBIAN_13, id="debian 13"),
        pytest.param(Distribution("bookworm"), id="debian 12", marks=pytest.mark.turn(day=0)),
    ],
)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with booting(Kind.DR, request, ByCredential(request.param)) as cluster:
        cluster.wait_until_booted()
        yield cluster


@pytest.mark.parametrize("name", ROLES)
def test_boots_into_its_role(cluster: Cluster, name: str) -> None:
    """The first boot, with the role in force before any NIC has an address."""
    server = host(cluster, name)
    assert not server.package("cloud-init").is_installed
    assert server.check_output("hostname") == name
    assert_clean_boot(cluster, name)
    assert_order(
        cluster, name, (EARLY, "ExecMainStart"), (EARLY, "ExecMainExit"), ("lvs", "ActiveEnter")
    )
    assert_lvs_came_before_the_network(cluster, name)
    assert "role: by credential lvs.role" in cluster.machines[name].run("lvsboot status")


def test_serves(cluster: Cluster) -> None:
    load = send_requests(cluster, 100)
    assert load.failed == 0
    assert set(load.answers) == {"rs1", "rs2"}
    assert f"-A -t {VIP}:80 -s wlc" in cluster.director.run("ipvsadm -Sn")


def test_the_directors_root_is_read_only(cluster: Cluster) -> None:
    director = cluster.director
    if director.machine.writable:
        pytest.skip("Debian 12's /tmp is of the root, and its systemd takes it for a private /dev")
    director.run("! touch /usr/touched")
    # What is mounted below /etc still is: systemd's machine-id of this boot.
    assert len(director.run("cat /etc/machine-id").strip()) == 32
    assert director.run("systemd-id128 machine-id") == director.run("cat /etc/machine-id")


def test_a_later_apply_comes_first_until_the_credential_changes(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    rs1.run("sed -i 's/^hostname: .*/&\\n# edited/' /etc/lvs/role.yaml && lvsboot apply")
    reboot(rs1)
    assert "# edited" in rs1.run("cat /var/lib/lvs/role.yaml")
    assert "applied after credential lvs.role" in rs1.run("lvsboot status")
    assert vip_is_up(rs1)


def test_a_credential_with_an_error_leaves_the_last_good_role(cluster: Cluster) -> None:
    rs2 = cluster.machines["rs2"]
    before = rs2.run("cat /var/lib/lvs/role.yaml")
    drop_in = f"/etc/systemd/system/{EARLY}.d"
    rs2.run(
        f"sed 's/^  method: dr/  method: drx/' /etc/lvs/role.yaml >/etc/bad.yaml && mkdir {drop_in}"
        f" && printf '[Service]\\nLoadCredential=\\nLoadCredential=lvs.role:/etc/bad.yaml\\n' "
        f">{drop_in}/bad.conf"
    )
    reboot(rs2)
    assert rs2.run(f"systemctl is-failed {EARLY}").strip() == "failed"
    assert "credential lvs.role:" in rs2.run(f"journalctl -b -o cat -u {EARLY}")
    assert rs2.run("cat /var/lib/lvs/role.yaml") == before
    assert vip_is_up(rs2)
    shown = rs2.run("systemctl status --no-pager --full lvs")
    assert "Linux Virtual Server (the role by credential is refused)" in shown
    assert "'drx'" in shown
    assert "warning: the role by credential is refused" in rs2.run("lvsboot status")
    assert send_requests(cluster, 20).failed == 0


def test_a_role_by_host_name(cluster: Cluster) -> None:
    """Two clones of one image whose names differ; here one is reset to what the image had."""
    rs2 = cluster.machines["rs2"]
    rs2.run(
        f"rm -r /etc/systemd/system/{EARLY}.d && mkdir /etc/lvs/roles && "
        "mv /etc/lvs/role.yaml /etc/lvs/roles/rs2.yaml && "
        "sed 's/^hostname: rs2/hostname: other/' /etc/lvs/roles/rs2.yaml >/etc/lvs/roles/other.yaml"
        " && rm /var/lib/lvs/role.yaml"
    )
    reboot(rs2)
    assert rs2.run("cat /etc/lvs/role.yaml") == rs2.run("cat /etc/lvs/roles/rs2.yaml")
    assert vip_is_up(rs2)


def reboot(vm: VM) -> None:
    vm.wait_until_booted(previous_boot=vm.begin_reboot())


def vip_is_up(vm: VM) -> bool:
    return f" {VIP}/32 " in vm.run("ip -4 -o address show dev lo")
