"""The DR cluster from images without lvsboot: user-data installs it, each host's in another way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

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

RELEASES = {"director": "13", "rs1": "13", "rs2": "12"}
LOG = "/var/log/apt/history.log"
# The second boot is another thing for each host: with a changed role in the seed of a new instance,
# of a host that has lost cloud-init, and of one to which nothing has happened.
CHANGED, WITHOUT_CLOUD_INIT = "director", "rs1"


# One release takes the package from a repository, and the other from an address; each has its day.
SOURCES = {
    0: (Source.REPOSITORY, Source.ADDRESS),
    2: (Source.ADDRESS, Source.REPOSITORY),
}


@dataclass(frozen=True, slots=True)
class Boot:
    cluster: Cluster
    is_first: bool


@dataclass(slots=True)
class Running:
    """One cluster at a time, with the web server that it installs from."""

    stack: ExitStack
    cluster: Cluster | None = None


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(stack)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            (sources, is_first),
            id=f"{'first' if is_first else 'second'} boot, 12 from {sources[1].name.lower()}",
            marks=pytest.mark.turn(day=day),
        )
        for day, sources in SOURCES.items()
        for is_first in (True, False)
    ],
)
def boot(request: pytest.FixtureRequest, running: Running) -> Boot:
    """The second is of the same machines, on what the first has left."""
    sources, is_first = request.param
    if is_first:
        running.stack.close()
        running.cluster = boot_first(request, running.stack, *sources)
    cluster = running.cluster
    assert cluster is not None
    if not is_first:
        change_role(cluster, CHANGED, "weight: 2", "weight: 3")
        cluster.machines[WITHOUT_CLOUD_INIT].run("dpkg --purge cloud-init")
        with one_at_a_time():
            cluster.reboot()
    return Boot(cluster, is_first)


def boot_first(
    request: pytest.FixtureRequest, stack: ExitStack, trixies: Source, bookworms: Source
) -> Cluster:
    debian_12 = Distribution("bookworm")
    hosts = {
        "director": (DEBIAN_13, trixies),
        "rs1": (DEBIAN_13, Source.EMBEDDED),
        "rs2": (debian_12, bookworms),
    }
    with one_at_a_time():
        repository = stack.enter_context(serving({DEBIAN_13, debian_12}))
        cluster = stack.enter_context(booting(Kind.DR, request, Stock(hosts, repository)))
        cluster.wait_until_booted()
    return cluster


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
