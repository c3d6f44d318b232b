"""Operators' work on a running cluster: every command of docs/operations.md, and new roles."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.cluster import ROLES, VIP, Cluster
from lab.paths import REPO
from lab.vm import VM
from tests.boot.conftest import send_requests
from tests.boot.segment import watch
from tests.matrix.manual import PAGE, read_steps

pytestmark = pytest.mark.cluster

REAL_SERVERS = ("rs1", "rs2")


def test_what_operators_are_told_to_type(cluster: Cluster) -> None:
    steps = list(read_steps(PAGE.read_text(encoding="utf-8")))
    assert len(steps) > 30
    for step in steps:
        # A terminal shows both.
        said = cluster.machines[step.host].run(f"{{ {step.command}; }} 2>&1")
        assert step.missing(said) == [], (step.command, said)
    assert send_requests(cluster, 20).failed == 0


def test_a_save_lasts_until_a_role_is_applied(cluster: Cluster) -> None:
    director = cluster.director
    try:
        director.run(f"ipvsadm -e -t {VIP}:80 -r 172.16.14.12:80 -g -w 0")
        director.run("systemctl start lvs-save")
        director.run("systemctl stop lvs")
        director.run("systemctl start lvs")
        saved = director.run("ipvsadm -Sn")
        status = director.run("lvsboot status")
    finally:
        director.run("lvsboot apply")
    assert f"-t {VIP}:80 -r 172.16.14.12:80 -g -w 0" in saved
    assert "loaded: /var/lib/lvs/saved.rules, since" in status
    assert f"-t {VIP}:80 -r 172.16.14.12:80 -g -w 4" in director.run("ipvsadm -Sn")
    assert director.run("ls /var/lib/lvs/saved.rules*").split() == [
        "/var/lib/lvs/saved.rules.lvs-save",
        "/var/lib/lvs/saved.rules.sha256",
    ]


def test_the_distributions_own_service_keeps_off_the_table(cluster: Cluster) -> None:
    """Configured to load a table of its own, as its package invites to."""
    director = cluster.director
    before = director.run("ipvsadm -Sn")
    director.run("""sed -i 's/^AUTO=.*/AUTO="true"/' /etc/default/ipvsadm""")
    for verb in ("start", "restart", "stop"):
        said = director.run(f"systemctl {verb} ipvsadm 2>&1 || true")
        assert "masked" in said or verb == "stop"
        director.run(f"invoke-rc.d ipvsadm {verb} || true")
        assert director.run("ipvsadm -Sn") == before


LO = "/etc/systemd/network/10-lo.network"
OPEN = "/etc/sysctl.d/99-open.conf"


def test_a_vip_comes_back_where_networkd_manages_lo(cluster: Cluster) -> None:
    """It removes every address that it does not know: at a reload, a restart and each boot."""
    rs1 = cluster.machines["rs1"]
    rs1.run(f"printf '[Match]\\nName=lo\\n\\n[Network]\\nAddress=192.0.2.77/32\\n' >{LO}")
    try:
        said = rs1.run("lvsboot plan 2>&1")
        assert f"{LO}:1:1: warning: systemd-networkd manages lo by this file" in said
        for number, verb in enumerate(("networkctl reload", "systemctl restart systemd-networkd")):
            unit = f"watch-lo-{number}"
            rs1.run(f"systemd-run --unit={unit} ip monitor address dev lo && sleep 1")
            rs1.run(verb)
            # The control: it was removed.
            wait_for(rs1, f"journalctl -o cat -u {unit} | grep -q 'Deleted .* {VIP}/32'")
            wait_until_back(rs1)
            rs1.run(f"systemctl stop {unit}")
            load = send_requests(cluster, 20)
            assert (load.failed, set(load.answers)) == (0, set(REAL_SERVERS))
        rs1.wait_until_booted(previous_boot=rs1.begin_reboot())
        assert "192.0.2.77" in rs1.run("ip -br address show dev lo")
        wait_until_back(rs1)
        load = send_requests(cluster, 20)
        assert (load.failed, set(load.answers)) == (0, set(REAL_SERVERS))
        # A VIP that is down stays down.
        rs1.run("systemctl stop lvs && networkctl reconfigure lo && sleep 1")
        wait_for(rs1, "! systemctl is-active lvs-vip-keep.service | grep -q activating")
        assert VIP not in rs1.run("ip -br address show dev lo")
        rs1.run("systemctl start lvs")
        wait_until_back(rs1)
        # Nor does one come back where the guard says that the host could be heard.
        rs1.run(f"echo 'net.ipv4.conf.eth0.arp_ignore = 3' >{OPEN} && networkctl reconfigure lo")
        wait_for(rs1, f"! ip -br address show dev lo | grep -qF ' {VIP}/32'")
        rs1.run("sleep 10")
        assert VIP not in rs1.run("ip -br address show dev lo")
    finally:
        rs1.run(f"rm -f {LO} {OPEN} && networkctl reload && sysctl -q --system")
        rs1.run("systemctl restart lvs && systemctl reset-failed")
    wait_until_back(rs1)


def wait_until_back(real_server: VM) -> None:
    """With its host route, by which it belongs to lo."""
    wait_for(real_server, f"ip -br address show dev lo | grep -qF ' {VIP}/32'")
    wait_for(real_server, f"ip route show | grep -qF '{VIP} dev lo'")


def wait_for(machine: VM, question: str) -> None:
    machine.run(f"for _ in $(seq 60); do if {question}; then exit; fi; sleep 1; done; exit 1")


def test_the_same_hosts_serve_by_tunnel(cluster: Cluster) -> None:
    """Plain ipip to one real server and gue to the other, by roles given to running hosts."""
    give_roles(cluster, "tun")
    try:
        for name in REAL_SERVERS:
            # A stop takes the tunnel down, and a start brings it up again.
            run = cluster.machines[name].run
            run("systemctl restart lvs && systemctl is-active lvs-tunnel lvs-nft")
            assert "tunl0" not in run("systemctl stop lvs && ip -br link show up")
            assert "tunl0" in run("systemctl start lvs && ip -br link show up")
        with watch(cluster.client, f"src host {VIP} and tcp[tcpflags] & tcp-syn != 0") as seen:
            load = send_requests(cluster, 20)
    finally:
        give_roles(cluster, "dr")
        connections = end_connections(cluster.director)
    assert connections == []
    assert (load.failed, set(load.answers)) == (0, set(REAL_SERVERS))
    offers = {(frame.source, *re.findall(r"mss (\d+)", frame.text)) for frame in seen.frames}
    assert offers == {(cluster.mac("rs1"), "1440"), (cluster.mac("rs2"), "1428")}
    for name in REAL_SERVERS:
        left = "systemctl is-active lvs-tunnel lvs-nft || nft list ruleset | grep ."
        cluster.machines[name].run(f"if {left}; then exit 1; fi")
    assert send_requests(cluster, 20).failed == 0


def end_connections(director: VM) -> list[str]:
    """As the manual says: a client that took one's port again would be served by tunnel still.

    Returns those that are left.
    """
    expire = "sysctl -q -w net.ipv4.vs.expire_nodest_conn"
    director.run(f"{expire}=1; systemctl stop lvs; {expire}=0")
    still_there = director.run("ipvsadm -Lnc").splitlines()[2:]
    director.run("systemctl start lvs")
    return still_there


def give_roles(cluster: Cluster, kind: str) -> None:
    """The roles of another example, applied on all hosts side by side."""

    def give(name: str) -> None:
        text = (REPO / "examples" / kind / f"{name}.yaml").read_text()
        cluster.machines[name].run(f"lvsboot apply - <<'END'\n{text}END\n")

    with ThreadPoolExecutor() as pool:
        list(pool.map(give, ROLES))
