"""A package takes over from install-units, is upgraded, removed and purged, all under load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lab import image
from lab.cluster import VIP, Cluster, Kind
from lab.shell import run
from lab.vm import VM
from lab.ways import Seeded
from tests.boot.conftest import assert_clean_boot, booting, one_at_a_time, send_requests
from tests.golden import REPOSITORY
from tests.matrix.load import loading
from tests.matrix.netlink import DELETIONS, watching_netlink

# An unpacked image is upgraded and purged every time, by tests/package.
pytestmark = pytest.mark.turn(day=1)
SERVERS = ("director", "rs1", "rs2")
LATER = "9.0"


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Booted from its wheel; the tests below go on from each other, in their order."""
    with ExitStack() as stack:
        with one_at_a_time():
            cluster = stack.enter_context(booting(Kind.DR, request, Seeded(by_wheel=True)))
            cluster.wait_until_booted()
        for name in SERVERS:
            assert_clean_boot(cluster, name)
            for version in ("", LATER):
                place = image.package(version)
                to = f"{name}:/root/lvsboot{version}.deb"
                run(["scp", "-q", "-F", cluster.folder / "ssh_config", place, to])
        yield cluster


def servers(cluster: Cluster) -> list[VM]:
    return [cluster.machines[name] for name in SERVERS]


def states(cluster: Cluster) -> list[str]:
    """What must not change: the table, the VIPs, and since when lvs.service is up."""
    asked = (
        "ipvsadm -Sn; ip -o address show to " + VIP + "; "
        "systemctl show -P ActiveEnterTimestampMonotonic lvs.service"
    )
    return [vm.run(asked) for vm in servers(cluster)]


@contextmanager
def unharmed(cluster: Cluster) -> Iterator[None]:
    """No request fails while the block runs, the connection stays, and nothing is deleted."""
    before = states(cluster)
    with watching_netlink(cluster.director) as sent, loading(cluster.client, at_least=0) as load:
        yield
        cluster.client.run("sleep 5")
        # ipvsadm's question: the watch is known to see IPVS's messages.
        assert states(cluster) == before
    assert (load.failed, load.broken) == (0, "")
    assert load.requests > 0
    assert load.on_one_connection > 0
    assert sent
    assert not {DELETIONS[command] for command in sent if command in DELETIONS}


def on_each(cluster: Cluster, command: str) -> list[str]:
    return [vm.run(command, timeout=300) for vm in servers(cluster)]


def test_a_package_takes_over_from_install_units(cluster: Cluster) -> None:
    with unharmed(cluster):
        said = on_each(cluster, "dpkg --install /root/lvsboot.deb 2>&1")
        assert all("/usr/local/sbin/lvsboot comes before" in text for text in said)
        on_each(cluster, "rm -r /usr/local/sbin/lvsboot /opt/lvsboot")
    for vm in servers(cluster):
        unit = vm.run("systemctl show -P FragmentPath lvs.service lvs-provision.service").split()
        folder = "/usr/lib/systemd/system"
        assert unit == [f"{folder}/lvs.service", f"{folder}/lvs-provision.service"]
        assert vm.run("systemctl is-enabled lvs.service lvs-provision.service").split() == [
            "enabled", "enabled",
        ]  # fmt: skip
        assert vm.run("find /etc/systemd/system -maxdepth 1 -type f").split() == [
            f"/etc/systemd/system/{name}"
            for name in (["lvs-vips-up.target"] if vm.name != "director" else [])
        ]
        assert vm.run("lvsboot plan") == "no changes\n"
        # The lab's images have no manual.
        assert vm.run("dpkg --verify lvsboot | grep -v /usr/share/; true") == ""


def test_an_upgrade_changes_nothing_that_runs(cluster: Cluster) -> None:
    with unharmed(cluster):
        on_each(cluster, f"dpkg --install /root/lvsboot{LATER}.deb")
    for vm in servers(cluster):
        assert vm.run("dpkg-query -W -f '${Version} ${db:Status-Status}' lvsboot") == (
            f"{LATER} installed"
        )
        assert vm.run("lvsboot plan") == "no changes\n"
        vm.run("systemctl restart lvs")
    for name in ("rs1", "rs2"):
        assert cluster.machines[name].run("systemctl is-active lvs-arp.path") == "active\n"


def test_a_role_that_waits_is_not_applied_by_an_upgrade(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    rs1.run("echo '# later' >> /etc/lvs/role.yaml")
    rs1.run(f"dpkg --install /root/lvsboot{LATER}.deb; sleep 2")
    assert "# later" not in rs1.run("cat /var/lib/lvs/role.yaml")
    assert "# later" in rs1.run("cat /etc/lvs/role.yaml")
    rs1.run("sed -i '/# later/d' /etc/lvs/role.yaml")
    assert rs1.run("lvsboot plan") == "no changes\n"


def test_the_package_comes_back_after_a_removal(cluster: Cluster) -> None:
    with unharmed(cluster):
        on_each(cluster, "dpkg --remove lvsboot")
        assert all(
            text == "" for text in on_each(cluster, "ls /usr/lib/systemd/system | grep ^lvs; true")
        )
        on_each(cluster, "dpkg --install /root/lvsboot.deb")
    for vm in servers(cluster):
        assert vm.run("lvsboot plan") == "no changes\n"
        vm.run("systemctl restart lvs")


def test_a_purge_leaves_what_the_kernel_has_and_no_file(cluster: Cluster) -> None:
    before = [state.rsplit("\n", 2)[0] for state in states(cluster)]
    with loading(cluster.client, at_least=0) as load:
        on_each(cluster, "dpkg --purge lvsboot")
        cluster.client.run("sleep 5")
    assert (load.failed, load.broken) == (0, "")
    assert [state.rsplit("\n", 2)[0] for state in states(cluster)] == before
    left = "find /etc /var/lib /usr/lib /run/lvs -name '*lvs*' ! -path '*/ipvs*' 2>/dev/null; true"
    for vm in servers(cluster):
        found = vm.run(left).split()
        # cloud-init names a folder of its own after the seed's instance.
        assert [path for path in found if "/dpkg/" not in path and "/cloud/" not in path] == []
        assert vm.run("systemctl list-unit-files 'lvs*' --no-legend || true") == ""
        assert vm.run("systemctl list-units --failed --no-legend --plain") == ""


def test_the_packages_own_test_of_the_service_passes(cluster: Cluster) -> None:
    """On the client, which has had neither lvsboot nor a role."""
    config = cluster.folder / "ssh_config"
    script = REPOSITORY / "debian" / "tests" / "service"
    run(["scp", "-q", "-F", config, image.package(), "client:/root/lvsboot.deb"])
    run(["scp", "-q", "-F", config, script, "client:/root/service"])
    cluster.client.run("dpkg --install /root/lvsboot.deb && sh /root/service", timeout=300)
    cluster.client.run(
        "systemctl stop lvs && dpkg --purge lvsboot && ip address flush dev lo to 192.0.2.1"
    )


def test_a_purged_host_boots_without_a_trace(cluster: Cluster) -> None:
    rs1 = cluster.machines["rs1"]
    previous = rs1.begin_reboot()
    rs1.wait_until_booted(previous_boot=previous)
    assert_clean_boot(cluster, "rs1")
    assert f" {VIP}/" not in rs1.run("ip -o address")
    # The director's table still has it; the client reaches the other one.
    cluster.director.run(f"ipvsadm -d -t {VIP}:80 -r 172.16.14.11:80")
    assert send_requests(cluster, 20).failed == 0
