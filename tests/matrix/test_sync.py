"""Two directors from examples/sync on one segment: connections shared, and VIPs that a stop takes.

Client and real server are network namespaces of the second director, with MACs of their own on the
segment: the second director's own table is not asked by them.
"""

from __future__ import annotations

import shlex
import socket
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from lab import image, qemu
from lab.cluster import VIP
from lab.machines import run_folder, seed_volume, started
from lab.paths import LVSBOOT, REPO
from lab.shell import run
from lab.vm import VM, Machine, Nic

NAMES = ("director1", "director2")
CLIENT, SERVER = "172.16.14.100", "172.16.14.11"
NEIGHBOURS = f"""
set -e
for host in client:{CLIENT} server:{SERVER}; do
    name=${{host%%:*}}
    ip netns add $name
    ip -n $name link set lo up
    ip link add link eth0 name nic netns $name type macvlan mode bridge
    ip -n $name address add ${{host#*:}}/16 dev nic
    ip -n $name link set nic up
done
for setting in arp_ignore=1 arp_announce=2; do
    ip netns exec server sh -c "echo ${{setting#*=}} >/proc/sys/net/ipv4/conf/all/${{setting%=*}}"
done
ip -n server address add {VIP}/32 dev lo
systemd-run --quiet --unit=lab-answer ip netns exec server python3 -m http.server 80
"""
# Says a byte every tenth of a second, and never ends the request.
TALK = f"""
import socket, time

with socket.create_connection(("{VIP}", 80)) as peer:
    for char in "GET / HTTP/1.0\\r\\nX-Long: ".ljust(3000, "x"):
        peer.sendall(char.encode())
        time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def directors(request: pytest.FixtureRequest) -> Iterator[Mapping[str, VM]]:
    failed_before = request.session.testsfailed
    disk = image.installed()
    outside, between = (qemu.free_port(socket.SOCK_DGRAM) for _ in range(2))
    with run_folder("sync") as folder:
        machines = []
        for number, name in enumerate(NAMES, start=1):
            seed = folder / f"{name}.seed"
            seed.mkdir()
            run([LVSBOOT, "cloud-init", REPO / "examples" / "sync" / f"{name}.yaml", "-o", seed])
            nics = tuple(
                Nic(port, f"52:54:00:00:2{number}:{index:02x}")
                for index, port in enumerate((outside, between))
            )
            port = qemu.free_port(socket.SOCK_STREAM)
            machines.append(Machine(name, disk, nics, port, seed_volume(seed)))
        with started(machines, folder) as vms:
            for vm in vms.values():
                vm.wait_until_booted()
            yield vms
            if request.session.testsfailed > failed_before:
                pytest.fail(f"consoles and journals: {folder}", pytrace=False)


@pytest.fixture
def master(directors: Mapping[str, VM]) -> VM:
    return directors["director1"]


@pytest.fixture
def backup(directors: Mapping[str, VM]) -> VM:
    return directors["director2"]


def daemons(vm: VM) -> str:
    return vm.run("ipvsadm -L --daemon")


def connections(vm: VM) -> list[str]:
    """The lines of those that are more than persistence templates."""
    return [line for line in vm.run("ipvsadm -L -n -c").splitlines() if "ESTABLISHED" in line]


def addresses(vm: VM) -> str:
    return vm.run("ip -4 -o address show dev eth0")


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Until it holds; what is asserted behind it says what did not."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.5)


def test_a_boot_starts_the_daemons_that_the_roles_name(master: VM, backup: VM) -> None:
    for vm, mode in ((master, "master"), (backup, "backup")):
        assert vm.run("systemctl list-units --failed --no-legend --plain") == ""
        assert "ordering cycle" not in vm.run("journalctl -b -o cat --no-pager")
        assert f"{mode} sync daemon (mcast=eth1, syncid=14, " in daemons(vm)
        assert vm.run(f"systemctl is-active lvs-sync@{mode}") == "active\n"


def test_the_second_learns_the_firsts_connections(master: VM, backup: VM) -> None:
    backup.run(NEIGHBOURS)
    # As keepalived would; the other real server of the example is not there.
    master.run(f"ip address add {VIP}/32 dev eth0")
    master.run(f"ipvsadm -e -t {VIP}:80 -r 172.16.14.12 -g -w 0")
    assert connections(backup) == []
    talk = f"ip netns exec client python3 -c {shlex.quote(TALK)}"
    backup.run(f"systemd-run --quiet --unit=lab-talk {talk}")
    wait_for(lambda: connections(backup))
    [line] = connections(backup)
    assert CLIENT in line
    assert f"{VIP}:80" in line
    assert f"{SERVER}:80" in line
    assert connections(master)


def test_a_restart_keeps_connections_and_daemon(master: VM) -> None:
    before = connections(master)
    assert before
    master.run("systemctl restart lvs")
    wait_for(lambda: "master sync daemon" in daemons(master))
    assert "master sync daemon (mcast=eth1, syncid=14, " in daemons(master)
    assert [line.split()[3:] for line in connections(master)] == [it.split()[3:] for it in before]


def test_a_daemon_follows_its_interface(master: VM) -> None:
    """The kernel ends it with the interface; the interface's return is what starts it."""
    path = "/sys/bus/virtio/drivers/virtio_net"
    device = master.run("basename $(readlink -f /sys/class/net/eth1/device)").strip()
    master.run(f"echo {device} >{path}/unbind")
    wait_for(lambda: "master" not in daemons(master))
    assert "master" not in daemons(master)
    wait_for(lambda: "inactive" in master.run("systemctl is-active lvs-sync@master || true"))
    master.run(f"echo {device} >{path}/bind")
    wait_for(lambda: "master" in daemons(master), 40)
    assert "master sync daemon (mcast=eth1, syncid=14, " in daemons(master)


def test_a_stop_ends_the_daemon_and_leaves_a_vip_that_is_not_lvsboots(master: VM) -> None:
    master.run("systemctl stop lvs")
    assert "sync daemon" not in daemons(master)
    assert master.run("ipvsadm -Sn") == ""
    assert f"{VIP}/32" in addresses(master)
    master.run("systemctl start lvs")
    wait_for(lambda: "master" in daemons(master))
    assert "master sync daemon (mcast=eth1, syncid=14, " in daemons(master)


@pytest.mark.parametrize("backend", ["external", "networkd"])
def test_vip_on_stop_remove(master: VM, backend: str) -> None:
    """A stop takes the VIP before the rules, a start brings it back, and a restart leaves it."""
    text = (REPO / "examples" / "sync" / "director1.yaml").read_text(encoding="utf-8")
    text = text.replace(", owner: external", "").replace(
        "network:\n", f"network:\n  backend: {backend}\n"
    )
    role = shlex.quote(f"{text}  vip_on_stop: remove\n")
    master.run(f"ip address flush dev eth0 to {VIP}")
    master.run(f"printf %s {role} >/etc/lvs/role.yaml; lvsboot apply")
    wait_for(lambda: f"{VIP}/32" in addresses(master))
    assert f"{VIP}/32" in addresses(master)

    watch = "systemd-run --quiet --unit=lab-watch -p StandardOutput=truncate:/tmp/watch"
    master.run(f"{watch} ip monitor address; sleep 1; systemctl restart lvs; sleep 2")
    assert "Deleted" not in master.run("cat /tmp/watch")
    assert f"{VIP}/32" in addresses(master)

    master.run("systemctl stop lvs; sleep 1; systemctl stop lab-watch")
    assert "Deleted" in master.run(f"grep {VIP}/32 /tmp/watch")
    assert VIP not in addresses(master)
    assert "172.16.14.20/16" in addresses(master)
    assert master.run("ipvsadm -Sn") == ""
    master.run("systemctl start lvs")
    wait_for(lambda: VIP in addresses(master))
    assert f"{VIP}/32" in addresses(master)
    assert f"-A -t {VIP}:80" in master.run("ipvsadm -Sn")
