"""The DR cluster from images without lvsboot: user-data installs it, each host's in another way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import pytest

from lab.cluster import ROLES, VIP, Cluster, Kind
from lab.image import DEBIAN_13, Distribution
from lab.machines import seed_volume
from lab.paths import LVSBOOT
from lab.repository import Source, serving
from lab.shell import run
from lab.ways import Stock
from tests.boot.conftest import (
    assert_clean_boot,
    assert_lvs_came_before_the_network,
    booting,
    one_at_a_time,
    send_requests,
)

# One release takes the package from a repository, the other from an address. They take turns by the
# day, as a boot of each would take too long; TURN=0 and TURN=1 are the two.
TURN = int(os.environ.get("TURN") or date.today().toordinal()) % 2
SOURCES = (Source.REPOSITORY, Source.ADDRESS)
HOSTS = {
    "director": (DEBIAN_13, SOURCES[TURN]),
    "rs1": (DEBIAN_13, Source.EMBEDDED),
    "rs2": (Distribution("bookworm"), SOURCES[1 - TURN]),
}
RELEASES = {"director": "13", "rs1": "13", "rs2": "12"}
LOG = "/var/log/apt/history.log"


# The second boot is another thing for each host: with a changed role in the seed of a new instance,
# of a host that has lost cloud-init, and of one to which nothing has happened.
CHANGED, WITHOUT_CLOUD_INIT = "director", "rs1"


@dataclass(frozen=True, slots=True)
class Boot:
    cluster: Cluster
    is_first: bool


@pytest.fixture(scope="module")
def first_boot(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with ExitStack() as stack:
        with one_at_a_time():
            releases = [distribution for distribution, _source in HOSTS.values()]
            stock = Stock(HOSTS, stack.enter_context(serving(releases)))
            cluster = stack.enter_context(booting(Kind.DR, request, stock))
            cluster.wait_until_booted()
        yield cluster


@pytest.fixture(scope="module", params=[True, False], ids=["first boot", "second boot"])
def boot(request: pytest.FixtureRequest, first_boot: Cluster) -> Boot:
    """The second is of the same machines, on what the first has left."""
    if not request.param:
        change_role(first_boot, CHANGED, "weight: 2", "weight: 3")
        first_boot.machines[WITHOUT_CLOUD_INIT].run("dpkg --purge cloud-init")
        with one_at_a_time():
            first_boot.reboot()
    return Boot(first_boot, request.param)


def change_role(cluster: Cluster, name: str, old: str, new: str) -> None:
    """Puts a changed role into the machine's seed, as another instance-id."""
    seed = cluster.machines[name].machine.seed
    assert seed is not None
    files = cluster.folder / f"{name}.changed"
    role = cluster.folder / f"{name}.changed.yaml"
    text = cluster.kind.roles[name].read_text(encoding="utf-8")
    role.write_text(text.replace(old, new), encoding="utf-8")
    run([LVSBOOT, "cloud-init", role, "-o", files, "--package", "lvsboot"])
    volume = seed_volume(files).read_bytes()
    # QEMU has the file open, and knows its size.
    size = seed.stat().st_size
    assert len(volume) <= size
    with seed.open("r+b") as file:
        file.write(volume.ljust(size, b"\0"))


@pytest.mark.parametrize("name", ROLES)
def test_the_boot_is_clean(boot: Boot, name: str) -> None:
    vm = boot.cluster.machines[name]
    assert_clean_boot(boot.cluster, name)
    assert vm.run("cut -d. -f1 /etc/debian_version").strip() == RELEASES[name]
    assert vm.run("hostname").strip() == name
    if boot.is_first or name != WITHOUT_CLOUD_INIT:
        assert "status: done" in vm.run("cloud-init status --long")


@pytest.mark.parametrize("name", ROLES)
def test_lvsboot_is_the_package(boot: Boot, name: str) -> None:
    vm = boot.cluster.machines[name]
    assert vm.run("dpkg-query -W -f '${db:Status-Status}' lvsboot") == "installed"
    assert vm.run("dpkg -S $(readlink -f $(command -v lvsboot))").startswith("lvsboot:")
    assert vm.run("cmp /etc/lvs/role.yaml /var/lib/lvs/role.yaml") == ""
    # Installed once, whatever boots came after.
    assert vm.run(f"grep -c 'Install:.* lvsboot:' {LOG}").strip() == "1"


@pytest.mark.parametrize("name", ROLES)
def test_lvs_is_up(boot: Boot, name: str) -> None:
    vm = boot.cluster.machines[name]
    assert vm.run("systemctl is-active lvs").strip() == "active"
    # The provisioner applies a changed role later in the boot, and restarts the service for it.
    if not boot.is_first and name != CHANGED:
        assert_lvs_came_before_the_network(boot.cluster, name)


def test_the_role_is_the_seeds(boot: Boot) -> None:
    weight = 2 if boot.is_first else 3
    rules = boot.cluster.director.run("ipvsadm -Sn")
    assert f"-a -t {VIP}:80 -r 172.16.14.11:80 -g -w {weight}" in rules


def test_requests_reach_the_real_servers_through_the_vip(boot: Boot) -> None:
    load = send_requests(boot.cluster, 100)
    assert load.failed == 0
    assert set(load.answers) == {"rs1", "rs2"}
