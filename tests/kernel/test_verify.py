"""verify finds nothing wrong with a host as its role says, and of a breakage just that."""

from __future__ import annotations

import compileall
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from lvsboot.errors import Exit
from tests.kernel.segment import DIRECTOR, DIRECTOR6, SERVER, SERVER6, VIP, VIP6, Segment
from tests.kernel.verified import NOBODY, VerifiedHost

# Some eighty breakages.
pytestmark = pytest.mark.long

ETC = "/etc/systemd/system"
DR = f"""\
version: 1
network:
  backend: external
  interfaces:
    eth0:
      addresses: [{DIRECTOR}/16, "{DIRECTOR6}/64"]
      gateway: 172.16.0.1
      mtu: 1500
      routes: [{{to: 10.9.0.0/16, via: 172.16.0.3}}]
director:
  method: dr
  vips: [{{address: {VIP}, interface: eth0}}, {{address: "{VIP6}", interface: eth0}}]
  timeouts: {{tcp: 800}}
  tuning: {{expire_nodest_conn: 1}}
  sync: {{mode: master, interface: eth0, id: 7}}
  services:
    - vip: {VIP}
      port: 80
      real_servers: [{{address: {SERVER}, weight: 2}}, {{address: 172.16.14.12, weight: 4}}]
    - vip: {VIP}
      port: 81
      scheduler: mh
      real_servers: [{{address: {SERVER}}}, {{address: 172.16.14.12}}]
    - {{vip: "{VIP6}", port: 80, real_servers: [{{address: "{SERVER6}"}}]}}
sysctl: {{net.core.somaxconn: 1024}}
"""
NAT = f"""\
version: 1
network:
  backend: external
  interfaces:
    eth0: {{addresses: [{DIRECTOR}/16]}}
    eth1: {{addresses: [10.0.0.1/24]}}
director:
  method: nat
  vips: [{{address: {VIP}, interface: eth0}}]
  masquerade: [{{source: 10.0.0.0/24, interface: eth0}}]
  services:
    - fwmark: 1
      match: [{{vip: {VIP}, ports: [80, 443]}}]
      persistence: {{timeout: 300}}
      real_servers: [{{address: 10.0.0.11}}, {{address: 10.0.0.12}}]
"""
DR_SERVER = f'version: 1\nreal_server: {{method: dr, vips: [{VIP}, "{VIP6}"]}}\n'
TUN_SERVER = f"""\
version: 1
real_server:
  method: tun
  vips: [{VIP}]
  tunnel: {{type: gue, port: 6080}}
"""
NAT_SERVER = f"version: 1\nreal_server: {{method: nat, director: {DIRECTOR}}}\n"


class Breakage(NamedTuple):
    """`fix` is in what verify advises for the first of `found`, sorted."""

    breaks: str
    undo: str
    found: set[str]
    fix: str = ""


SERVICE = f"-t {VIP}:80"
RULES, ROLE = "/etc/lvs/ipvs.rules", "/etc/lvs/role.yaml"


def sysctl(name: str, value: object, before: object, found: set[str], fix: str = "") -> Breakage:
    """A parameter that somebody sets."""
    fix = fix or f"sysctl -w {name}='{before}'"
    return Breakage(f"sysctl -qw {name}={value}", f"sysctl -qw {name}={before}", found, fix)


def edit(path: str, found: set[str], fix: str = "lvsboot apply") -> Breakage:
    """A file that somebody appends a comment to."""
    return Breakage(
        f"cp {path} /tmp/before; echo '# x' >>{path}", f"cp /tmp/before {path}", found, fix
    )


def gone(path: str, found: set[str], fix: str = "lvsboot apply") -> Breakage:
    return Breakage(f"mv {path} /tmp/gone", f"mv /tmp/gone {path}", found, fix)


def added(path: str, text: str, found: set[str], fix: str) -> Breakage:
    return Breakage(f"echo '{text}' >{path}", f"rm {path}", found, fix)


RELOAD = "systemctl reload lvs"
BREAKAGES: dict[str, list[Breakage]] = {
    "dr": [
        Breakage(
            f"ip address delete {VIP}/32 dev eth0",
            f"ip address add {VIP}/32 dev eth0",
            {"vip.present"},
            f"systemctl restart lvs-vip@{VIP}",
        ),
        Breakage(
            f"ip address delete {VIP6}/128 dev eth0",
            f"ip address add {VIP6}/128 dev eth0 nodad preferred_lft 0",
            {"vip.present"},
            f"systemctl restart lvs-vip@{VIP6}",
        ),
        Breakage(
            f"ip address add {VIP}/32 dev lo",
            f"ip address delete {VIP}/32 dev lo",
            {"vip.device"},
            f"ip address flush dev lo to {VIP}",
        ),
        Breakage(
            f"ip address delete {VIP}/32 dev eth0; ip address add {VIP}/24 dev eth0",
            f"ip address delete {VIP}/24 dev eth0; ip address add {VIP}/32 dev eth0",
            {"vip.prefix"},
            f"ip address delete {VIP}/24 dev eth0",
        ),
        sysctl("net.ipv4.conf.all.send_redirects", 1, 0, {"sysctl.redirects"}),
        sysctl("net.ipv4.conf.eth0.send_redirects", 1, 0, {"sysctl.redirects"}),
        sysctl("net.ipv4.vs.expire_nodest_conn", 0, 1, {"sysctl.tuning"}),
        sysctl("net.core.somaxconn", 128, 1024, {"sysctl.values"}),
        Breakage(
            f"ipvsadm -e {SERVICE} -r {SERVER} -g -w 0",
            f"ipvsadm -e {SERVICE} -r {SERVER} -g -w 2",
            {"table.real_servers"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -d {SERVICE} -r {SERVER}",
            f"ipvsadm -a {SERVICE} -r {SERVER} -g -w 2",
            {"table.real_servers"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -a {SERVICE} -r 172.16.14.13 -g",
            f"ipvsadm -d {SERVICE} -r 172.16.14.13",
            {"table.real_servers"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -e {SERVICE} -r {SERVER} -m -w 2",
            f"ipvsadm -e {SERVICE} -r {SERVER} -g -w 2",
            {"table.real_servers"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -E {SERVICE} -s rr",
            f"ipvsadm -E {SERVICE} -s wlc",
            {"table.services"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -E {SERVICE} -s wlc -p 60",
            f"ipvsadm -E {SERVICE} -s wlc",
            {"table.services"},
            RELOAD,
        ),
        Breakage(
            f"ipvsadm -D {SERVICE}",
            f"ipvsadm -A {SERVICE} -s wlc; ipvsadm -a {SERVICE} -r {SERVER} -g -w 2; "
            f"ipvsadm -a {SERVICE} -r 172.16.14.12 -g -w 4",
            {"table.services"},
            RELOAD,
        ),
        # Not ours, and the role leaves other programs' services alone.
        Breakage("ipvsadm -A -t 192.0.2.9:80 -s rr", "ipvsadm -D -t 192.0.2.9:80", set()),
        Breakage("ipvsadm --set 900 0 0", "ipvsadm --set 800 0 0", {"table.timeouts"}, RELOAD),
        Breakage(
            f"ipvsadm -e -t {VIP}:81 -r {SERVER} -g -w 0",
            f"ipvsadm -e -t {VIP}:81 -r {SERVER} -g -w 1",
            {"table.drained", "table.real_servers"},
            "scheduler_flags: [fallback]",
        ),
        Breakage(
            f"ipvsadm -E -t {VIP}:81 -s wlc; modprobe -r ip_vs_mh",
            f"modprobe ip_vs_mh; ipvsadm -E -t {VIP}:81 -s mh",
            {"kernel.modules", "table.services"},
            "modprobe ip_vs_mh",
        ),
        Breakage(
            "ipvsadm --stop-daemon master",
            "ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7",
            {"sync.daemons"},
            "systemctl restart lvs-sync@master",
        ),
        Breakage(
            "ipvsadm --stop-daemon master; "
            "ipvsadm --start-daemon master --mcast-interface eth0 --syncid 8",
            "ipvsadm --stop-daemon master; "
            "ipvsadm --start-daemon master --mcast-interface eth0 --syncid 7",
            {"sync.daemons"},
            "systemctl restart lvs-sync@master",
        ),
        Breakage(
            "ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 7",
            "ipvsadm --stop-daemon backup",
            {"sync.daemons"},
            "ipvsadm --stop-daemon backup",
        ),
        Breakage(
            f"cp {RULES} /tmp/before; sed -i s/wlc/rr/ {RULES}",
            f"cp /tmp/before {RULES}",
            {"files.content", "table.next_start"},
            "lvsboot apply",
        ),
        edit("/etc/sysctl.d/90-lvs.conf", {"files.content"}),
        edit("/etc/modules-load.d/lvs.conf", {"files.content"}),
        edit(f"{ETC}/lvs.service", {"files.content"}),
        gone(f"{ETC}/lvs-sync@.service.d/role.conf", {"files.content"}),
        gone(f"{ETC}/sysinit.target.wants/lvs.service", {"units.enabled"}),
        gone(f"{ETC}/lvs.service.wants/lvs-sync@master.service", {"units.enabled"}),
        gone(f"{ETC}/ipvsadm.service", {"debian.ipvsadm"}, "systemctl mask ipvsadm.service"),
        edit(ROLE, {"role.applied"}),
        Breakage(
            f"cp {ROLE} /tmp/before; echo 'director: x' >>{ROLE}",
            f"cp /tmp/before {ROLE}",
            {"role.applied", "role.valid"},
            "lvsboot apply",
        ),
        gone("/var/lib/lvs/role.yaml", {"role.applied"}),
        added(
            "/etc/sysctl.d/99-hand.conf",
            "net.ipv4.conf.all.send_redirects = 1",
            {"sysctl.boot"},
            "remove the line",
        ),
        Breakage(
            "ip link set eth0 mtu 1400",
            "ip link set eth0 mtu 1500",
            {"nic.mtu"},
            "ip link set eth0 mtu 1500",
        ),
        Breakage(
            "ip route delete default",
            "ip route add default via 172.16.0.1",
            {"nic.routes"},
            "networkctl reconfigure eth0",
        ),
        Breakage(
            "ip route delete 10.9.0.0/16",
            "ip route add 10.9.0.0/16 via 172.16.0.3",
            {"nic.routes"},
            "networkctl reconfigure eth0",
        ),
        Breakage(
            f"ip -6 address delete {DIRECTOR6}/64 dev eth0",
            f"ip -6 address add {DIRECTOR6}/64 dev eth0 nodad",
            {"nic.addresses", "dr.segment"},
            "give this host an address",
        ),
        Breakage(
            f"ip neighbour replace {SERVER} dev eth0 nud failed",
            f"ip neighbour delete {SERVER} dev eth0",
            {"dr.neighbours"},
            "see whether the real server is up",
        ),
    ],
    "nat": [
        sysctl("net.ipv4.ip_forward", 0, 1, {"sysctl.forwarding"}),
        sysctl("net.ipv4.conf.eth1.forwarding", 0, 1, {"sysctl.forwarding"}),
        Breakage(
            "nft delete table inet lvsboot",
            "nft -f /etc/lvs/lvs.nft",
            {"nft.table"},
            "systemctl reload-or-restart lvs-nft",
        ),
        Breakage(
            "nft flush chain inet lvsboot postrouting",
            "nft -f /etc/lvs/lvs.nft",
            {"nft.table"},
            "systemctl reload-or-restart lvs-nft",
        ),
        Breakage(
            "nft add rule inet lvsboot prerouting meta mark set 9",
            "nft -f /etc/lvs/lvs.nft",
            {"nft.table"},
            "systemctl reload-or-restart lvs-nft",
        ),
        Breakage("ipvsadm -D -f 1", f"ipvsadm -R <{RULES}", {"table.services"}, RELOAD),
    ],
    "dr server": [
        Breakage(
            f"ip address delete {VIP}/32 dev lo",
            f"ip address add {VIP}/32 dev lo preferred_lft 0; "
            f"ip route replace {VIP} dev lo src {VIP} metric 256",
            {"vip.present", "vip.route"},
            f"systemctl restart lvs-vip@{VIP}",
        ),
        Breakage(
            f"ip address add {VIP}/32 dev eth0",
            f"ip address delete {VIP}/32 dev eth0",
            {"vip.device"},
            f"ip address flush dev eth0 to {VIP}",
        ),
        Breakage(
            f"ip route delete {VIP} dev lo",
            f"ip route add {VIP} dev lo src {VIP} metric 256",
            {"vip.route"},
            f"systemctl restart lvs-vip@{VIP}",
        ),
        Breakage(
            "sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth0.arp_ignore=0",
            "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1",
            {"arp.guard"},
            "sysctl --system",
        ),
        Breakage(
            "sysctl -qw net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth0.arp_announce=0",
            "sysctl -qw net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.eth0.arp_announce=2",
            {"arp.guard"},
            "sysctl --system",
        ),
        added(
            "/etc/sysctl.d/99-hand.conf",
            "net.ipv4.conf.all.arp_announce = 3",
            {"arp.guard", "sysctl.boot"},
            "remove the setting",
        ),
        gone(f"{ETC}/lvs.service.wants/lvs-arp.path", {"units.enabled"}),
        gone("/etc/udev/rules.d/90-lvs.rules", {"files.content"}),
        gone("/etc/lvs/vips-up", {"files.content"}),
    ],
    "tun server": [
        Breakage(
            "ip link set tunl0 down",
            "ip link set tunl0 up",
            {"tunnel.device"},
            "systemctl restart lvs-tunnel",
        ),
        sysctl("net.ipv4.conf.all.rp_filter", 1, 0, {"sysctl.rp_filter"}),
        sysctl("net.ipv4.conf.tunl0.rp_filter", 2, 0, {"sysctl.rp_filter"}),
        Breakage(
            "ip fou del port 6080",
            "ip fou add port 6080 gue",
            {"tunnel.port"},
            "systemctl restart lvs-tunnel",
        ),
        Breakage(
            "ip link set eth0 mtu 1400",
            "ip link set eth0 mtu 1500",
            {"tunnel.mss"},
            "ip link set eth0 mtu 1500",
        ),
        Breakage(
            "nft delete table inet lvsboot",
            "nft -f /etc/lvs/lvs.nft",
            {"nft.table"},
            "systemctl reload-or-restart lvs-nft",
        ),
        added(
            "/etc/sysctl.d/99-hand.conf",
            "net.ipv4.conf.all.rp_filter = 1",
            {"sysctl.boot"},
            "remove the line",
        ),
    ],
    "nat server": [
        Breakage(
            "ip route replace default via 172.16.0.9",
            f"ip route replace default via {DIRECTOR}",
            {"nat.gateway"},
            f"ip route replace default via {DIRECTOR}",
        ),
        Breakage(
            "ip route delete default",
            f"ip route add default via {DIRECTOR}",
            {"nat.gateway"},
            f"ip route replace default via {DIRECTOR}",
        ),
        # A second one with a worse metric does no harm.
        Breakage(
            "ip route add default via 172.16.0.9 metric 900",
            "ip route delete default via 172.16.0.9 metric 900",
            set(),
        ),
    ],
}
CASES = [
    pytest.param(name, breakage, id=f"{name}: {breakage.breaks}")
    for name, breakages in BREAKAGES.items()
    for breakage in breakages
]


class Cluster:
    """Each role on a host of its own, as a boot would leave it."""

    def __init__(self) -> None:
        self.segment = Segment("verify")
        self.hosts: dict[str, VerifiedHost] = {}

    def add(
        self, name: str, role: str, units: tuple[str, ...], *addresses: str, then: str = ""
    ) -> None:
        host = VerifiedHost(name.replace(" ", "-"))
        self.hosts[name] = host
        self.segment.plug(host, "eth0", *addresses)
        if role == NAT:
            self.segment.plug(host, "eth1", "10.0.0.1/24")
        if then:
            host.change(then)
        host.become(role)
        for unit in units:
            host.start(unit)
        if "director:\n" in role:
            assert host.lvsboot_here("start").status == 0

    def remove(self) -> None:
        for host in self.hosts.values():
            host.remove()
        self.segment.remove()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # The checkout would be compiled by every process anew.
    compileall.compile_dir("lvsboot", quiet=1)
    made = Cluster()
    vips = tuple(f"lvs-vip@{vip}.service" for vip in (VIP, VIP6))
    made.add(
        "dr",
        DR,
        (*vips, "lvs-sync@master.service"),
        f"{DIRECTOR}/16",
        f"{DIRECTOR6}/64",
        then="ip route add default via 172.16.0.1; ip route add 10.9.0.0/16 via 172.16.0.3",
    )
    made.add("nat", NAT, (vips[0], "lvs-nft.service"), f"{DIRECTOR}/16")
    made.add("dr server", DR_SERVER, vips, f"{SERVER}/16", f"{SERVER6}/64")
    tunnel = ("lvs-nft.service", "lvs-tunnel.service", vips[0])
    made.add("tun server", TUN_SERVER, tunnel, f"{SERVER}/16")
    made.add(
        "nat server",
        NAT_SERVER,
        (),
        f"{SERVER}/16",
        then=f"ip route add default via {DIRECTOR}",
    )
    yield made
    made.remove()


@pytest.mark.parametrize("name", BREAKAGES)
def test_nothing_is_wrong_with_a_host_as_its_role_says(cluster: Cluster, name: str) -> None:
    done = cluster.hosts[name].verify()
    assert (done.wrong, done.status, done.stderr) == (set(), Exit.DONE, ""), done.results
    # No systemd runs here.
    unknown = {check for check, outcome in done.outcomes.items() if outcome == "unknown"}
    assert unknown <= {"units.active"}


@pytest.mark.parametrize(("name", "breakage"), CASES)
def test_a_breakage_is_named(cluster: Cluster, name: str, breakage: Breakage) -> None:
    host = cluster.hosts[name]
    host.change(breakage.breaks)
    try:
        done = host.verify()
    finally:
        host.change(breakage.undo)
    assert done.wrong == breakage.found, done.results
    failed = "failure" in done.outcomes.values()
    assert done.status == (Exit.DIFFERS if failed else Exit.DONE)
    assert done.stderr == ""
    if breakage.found:
        assert breakage.fix in done.fixes(min(breakage.found)), done.results


@pytest.mark.parametrize("name", BREAKAGES)
def test_each_was_undone(cluster: Cluster, name: str) -> None:
    """So that each breakage above was alone."""
    assert cluster.hosts[name].verify().wrong == set()


@pytest.mark.parametrize("name", BREAKAGES)
def test_without_permission_what_cannot_be_seen_is_unknown(cluster: Cluster, name: str) -> None:
    done = cluster.hosts[name].verify(user=NOBODY)
    assert done.wrong == set(), done.results
    assert "Traceback" not in done.stderr
    if name in {"dr", "nat"}:
        assert done.outcomes["table.services"] == "unknown"
    assert done.outcomes["role.valid"] == "ok"
