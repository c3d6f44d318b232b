"""Whole rendered trees, byte for byte, and what no golden tree can show."""

from __future__ import annotations

import pytest

from lvsboot.install.tree import File, Tree
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.golden import CASES, LISTING, ROLES, Case, golden_tree, without_modes

DIRECTOR = """\
version: 1
network: {interfaces: {lan0.100: {addresses: [10.0.0.1/8], mac: "52:54:00:00:00:07", mtu: 9000}}}
director:
  method: dr
  vips:
    - {address: 192.0.2.1, interface: lan0.100}
    - {address: 192.0.2.2, interface: lo}
    - {address: 192.0.2.3, interface: lan0.100, owner: external}
    - {address: "2001:db8::1", interface: lan0.100}
  services:
    - {vip: 192.0.2.1, port: 80, real_servers: [{address: 10.0.0.2, weight: 0}]}
    - {vip: "2001:db8::1", port: 80, method: nat, scheduler: mh,
       real_servers: [{address: "2001:db8::2", port: 8080}]}
"""


def render(text: str, backend: Backend = Backend.NETWORKD) -> Tree:
    return render_host(parse_role(text.encode(), "role.yaml").role, text, backend)


def text_of(tree: Tree, path: str) -> str:
    [entry] = [entry for entry in tree if entry.path == path]
    assert isinstance(entry, File)
    return entry.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_tree(case: Case) -> None:
    assert without_modes(case.render()) == golden_tree(case.name)


def test_every_golden_tree_has_its_case() -> None:
    assert {case.name for case in CASES} == {place.name for place in ROLES.iterdir()}


def test_every_golden_file_is_listed() -> None:
    for case in CASES:
        folder = ROLES / case.name
        kept = {f"/{place.relative_to(folder)}" for place in folder.rglob("*") if place.is_file()}
        assert kept - {f"/{LISTING}"} <= golden_tree(case.name).keys()


def test_rules_take_their_method_port_and_weight_from_the_service() -> None:
    assert text_of(render(DIRECTOR), "/etc/lvs/ipvs.rules").splitlines() == [
        "-A -t 192.0.2.1:80 -s wlc",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0",
        "-A -t [2001:db8::1]:80 -s mh",
        "-a -t [2001:db8::1]:80 -r [2001:db8::2]:8080 -m -w 1",
    ]


def test_every_scheduler_has_its_module() -> None:
    text = text_of(render(DIRECTOR), "/etc/modules-load.d/lvs.conf")
    assert text.split() == ["ip_vs", "ip_vs_mh", "ip_vs_wlc"]


@pytest.mark.parametrize(
    ("keys", "method", "loaded"),
    [
        ("port: 21", "nat", True),
        ("port: 21, helpers: [ftp]", "nat", True),
        ("port: 21, helpers: []", "nat", False),
        ("port: 21", "dr", False),
        ("port: 21", "tun", False),
        ("port: 2121", "nat", False),
        ("port: 21, protocol: udp", "nat", False),
    ],
)
def test_ftp_through_nat_has_its_helper(keys: str, method: str, *, loaded: bool) -> None:
    text = f"""\
version: 1
director:
  method: {method}
  vips: [{{address: 192.0.2.1, interface: lan0}}]
  services: [{{vip: 192.0.2.1, {keys}, real_servers: [{{address: 10.0.0.2}}]}}]
"""
    modules = text_of(render(text), "/etc/modules-load.d/lvs.conf").split()
    assert ("ip_vs_ftp" in modules) is loaded


SHARED = """\
version: 1
network: {interfaces: {lan0: {addresses: [192.0.2.1/24, "2001:db8::1/64"]}}}
director:
  method: nat
  vips: [{address: 192.0.2.1, interface: lan0}, {address: "2001:db8::1", interface: lan0}]
  services:
    - vip: 192.0.2.1
      port: 80
      real_servers: [{address: 192.0.2.11, weight: 2}, {address: 192.0.2.1, port: 8080}]
    - vip: 192.0.2.1
      port: 81
      real_servers: [{address: 192.0.2.11}, {address: 127.0.0.1, method: dr}]
    - {vip: "2001:db8::1", port: 80, real_servers: [{address: "::1", method: dr}]}
"""


@pytest.mark.parametrize("owner", ["lvsboot", "external"])
@pytest.mark.parametrize(
    "backend", [Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN, Backend.EXTERNAL]
)
def test_a_vip_that_is_a_host_address_is_brought_up_once(backend: Backend, owner: str) -> None:
    text = SHARED.replace("interface: lan0}", f"interface: lan0, owner: {owner}}}")
    role_file = parse_role(text.encode(), "role.yaml")
    assert role_file.warnings == ()
    tree = render_host(role_file.role, text, backend)
    files = [it for it in tree if isinstance(it, File) and it.text != text]
    network = [it.text for it in files if "/network/" in it.path or "/netplan/" in it.path]
    assert len(network) == (backend is not Backend.EXTERNAL)
    assert not any("192.0.2.1/32" in it or "2001:db8::1/128" in it for it in network)
    assert not any("lvs-vip@" in it.path and "wants" in it.path for it in tree)
    announced = [it.text for it in files if it.path.endswith("lvs-announce.service.d/vips.conf")]
    assert len(announced) == (owner == "lvsboot")


def test_a_stop_takes_no_host_address_away() -> None:
    text = f"{SHARED}  vip_on_stop: remove\n"
    names = {entry.path for entry in render(text)}
    assert not any("lvs-vip@" in name and "wants" in name for name in names)
    assert "/etc/systemd/system/lvs.service.d/director.conf" not in names


def test_forwarding_comes_first_and_only_for_the_families_that_nat_serves() -> None:
    lines = text_of(render(DIRECTOR), "/etc/sysctl.d/90-lvs.conf").splitlines()[1:]
    assert lines[0] == "net.ipv6.conf.all.forwarding = 1"
    assert not any("ip_forward" in line for line in lines)
    # sysctl.d(5): a dot inside a name is written as a slash.
    assert "net.ipv4.conf.lan0/100.send_redirects = 0" in lines


def test_only_vips_of_ours_on_nics_of_ours_are_in_the_backends_files() -> None:
    text = text_of(render(DIRECTOR), "/etc/systemd/network/05-lvs-lan0.100.network")
    assert "Address=192.0.2.1/32\nLabel=lan0.100:0\n" in text
    assert "Address=2001:db8::1/128\nPreferredLifetime=0\nDuplicateAddressDetection=none" in text
    assert "192.0.2.2" not in text
    assert "192.0.2.3" not in text


def test_a_vip_that_no_backend_carries_is_a_unit_on_its_device() -> None:
    names = {entry.path for entry in render(DIRECTOR)}
    wants = "/etc/systemd/system/lvs.service.wants"
    assert f"{wants}/lvs-vip@192.0.2.2.service" in names
    assert f"{wants}/lvs-vip@192.0.2.1.service" not in names
    assert not any("192.0.2.3" in name for name in names)


def test_the_external_backend_writes_no_interface_and_makes_every_vip_a_unit() -> None:
    tree = render(DIRECTOR, Backend.EXTERNAL)
    assert not any(entry.path.startswith("/etc/systemd/network/") for entry in tree)
    path = "/etc/systemd/system/lvs-vip@2001:db8::1.service.d/device.conf"
    assert "Environment=DEVICE=lan0.100\n" in text_of(tree, path)


def test_a_vip_on_a_link_of_others_comes_back_with_them() -> None:
    names = {entry.path for entry in render(DIRECTOR, Backend.EXTERNAL)}
    units = "/etc/systemd/system"
    for manager in ("networking", "NetworkManager"):
        assert f"{units}/{manager}.service.wants/lvs-vip@192.0.2.1.service" in names
        assert f"{units}/{manager}.service.wants/lvs-vip@192.0.2.2.service" not in names  # on lo


KEEP = "/etc/systemd/system/lvs.service.wants/lvs-vip-keep.path"
REAL_SERVER = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"
NAT = "version: 1\nreal_server: {method: nat, director: 10.0.0.1}\n"


@pytest.mark.parametrize(
    ("role", "backend", "is_kept"),
    [
        (DIRECTOR, Backend.EXTERNAL, True),
        # One of its VIPs is on lo.
        (DIRECTOR, Backend.NETWORKD, True),
        (DIRECTOR.replace("interface: lo}", "interface: lan0.100}"), Backend.NETWORKD, False),
        (REAL_SERVER, Backend.NETWORKD, True),
        (REAL_SERVER, Backend.EXTERNAL, True),
        (NAT, Backend.EXTERNAL, False),
    ],
)
def test_a_vip_that_networkd_may_take_away_is_put_back(
    role: str, backend: Backend, *, is_kept: bool
) -> None:
    tree = render(role, backend)
    assert (KEEP in {entry.path for entry in tree}) is is_kept
    # Only a real server has a guard to ask.
    guarded = "/etc/systemd/system/lvs-vip-keep.service.d/real-server.conf"
    assert (guarded in {entry.path for entry in tree}) is (role == REAL_SERVER)


def test_netplans_file_is_for_roots_eyes() -> None:
    [mode] = [
        entry.mode
        for entry in render(DIRECTOR, Backend.NETPLAN)
        if isinstance(entry, File) and entry.path == "/etc/netplan/90-lvs.yaml"
    ]
    assert mode == 0o600


@pytest.mark.parametrize("backend", [Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN])
def test_a_backend_that_lvsboot_writes_is_the_nics_only_owner(backend: Backend) -> None:
    text = text_of(render(DIRECTOR, backend), "/etc/cloud/cloud.cfg.d/99-lvs-network.cfg")
    assert text.endswith("network: {config: disabled}\n")


def test_routers_are_heard_where_a_role_lives_by_them() -> None:
    """A host that forwards stops listening unless told; a gateway6 is the only way out."""
    text = DIRECTOR.replace("mtu: 9000", "dhcp: ipv6")
    network = text_of(render(text), "/etc/systemd/network/05-lvs-lan0.100.network")
    assert "IPv6AcceptRA=yes" in network
    sysctl = text_of(render(text), "/etc/sysctl.d/90-lvs.conf")
    assert "net.ipv6.conf.lan0/100.accept_ra = 2\n" in sysctl
    text = DIRECTOR.replace("mtu: 9000", 'gateway6: "fe80::1"')
    assert "IPv6AcceptRA=no" in text_of(
        render(text), "/etc/systemd/network/05-lvs-lan0.100.network"
    )
    assert "lan0/100.accept_ra" not in text_of(render(text), "/etc/sysctl.d/90-lvs.conf")


def test_a_long_name_has_no_room_for_a_label() -> None:
    text = text_of(
        render(DIRECTOR.replace("lan0.100", "fourteen-chars")),
        "/etc/systemd/network/05-lvs-fourteen-chars.network",
    )
    assert "Label" not in text


def test_a_nat_real_server_has_no_vip_and_no_arp_setting() -> None:
    tree = render("version: 1\nreal_server: {method: nat, director: 10.0.0.1}\n")
    assert not any("lvs-vip@" in entry.path and "wants" in entry.path for entry in tree)
    assert "arp" not in text_of(tree, "/etc/sysctl.d/90-lvs.conf")


def test_the_roles_own_sysctls_follow_the_derived_ones() -> None:
    text = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\nsysctl: {net.core.a: 4096}\n"
    assert text_of(render(text), "/etc/sysctl.d/90-lvs.conf").endswith("\nnet.core.a = 4096\n")


def test_weights_and_timeouts_are_as_large_as_ipvsadms() -> None:
    text = DIRECTOR.replace("weight: 0", "weight: 2147483647").replace(
        "port: 80, real", "port: 80, persistence: {timeout: 2678400}, real", 1
    )
    assert text_of(render(text), "/etc/lvs/ipvs.rules").splitlines()[:2] == [
        "-A -t 192.0.2.1:80 -s wlc -p 2678400",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 2147483647",
    ]


EVERYTHING = """\
version: 1
director:
  method: tun
  vips: [{address: 192.0.2.1, interface: lan0}, {address: "2001:db8::1", interface: lan0}]
  services:
    - vip: 192.0.2.1
      port: 0
      protocol: udp
      one_packet: true
      persistence: {}
      real_servers:
        - {address: 10.0.0.2, upper_threshold: 20, lower_threshold: 10}
        - {address: "2001:db8::2", tunnel: {type: gue, port: 6080, checksum: true}}
    - vip: "2001:db8::1"
      port: 5060
      protocol: udp
      scheduler: sh
      scheduler_flags: [port, fallback]
      persistence: {timeout: 60, prefix: 64, engine: sip}
      method: dr
      real_servers:
        - {address: "2001:db8::2"}
        - {address: "2001:db8::3", port: 5061, method: nat}
    - fwmark: 7
      persistence: {prefix: 24}
      real_servers: [{address: 10.0.0.2, tunnel: {type: gre}}]
    - {fwmark: 7, family: ipv6, real_servers: []}
  timeouts: {tcp_fin: 30}
  connection_table_bits: 16
  tuning: {expire_nodest_conn: 1, sync_threshold: "3 50"}
"""


def test_every_option_of_a_service_reaches_its_rule() -> None:
    assert text_of(render(EVERYTHING), "/etc/lvs/ipvs.rules").splitlines() == [
        "--set 0 30 0",
        "-A -u 192.0.2.1:0 -s wlc -p 300 -o",
        "-a -u 192.0.2.1:0 -r 10.0.0.2:0 -i -w 1 -x 20 -y 10",
        "-a -u 192.0.2.1:0 -r [2001:db8::2]:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
        "-A -u [2001:db8::1]:5060 -s sh -p 60 -M 64 --pe sip -b sh-fallback,sh-port",
        "-a -u [2001:db8::1]:5060 -r [2001:db8::2]:5060 -g -w 1",
        "-a -u [2001:db8::1]:5060 -r [2001:db8::3]:5061 -m -w 1",
        "-A -f 7 -s wlc -p 300 -M 255.255.255.0",
        "-a -f 7 -r 10.0.0.2:0 -i -w 1 --tun-type gre --tun-nocsum",
        "-A -f 7 -6 -s wlc",
    ]


def test_what_is_read_when_modules_are_loaded() -> None:
    tree = render(EVERYTHING)
    modules = text_of(tree, "/etc/modules-load.d/lvs.conf").split()
    assert modules == ["ip_vs", "ip_vs_pe_sip", "ip_vs_sh", "ip_vs_wlc"]
    assert text_of(tree, "/etc/modprobe.d/lvs.conf") == "options ip_vs conn_tab_bits=16\n"
    assert text_of(tree, "/etc/sysctl.d/90-lvs.conf").endswith(
        "net.ipv6.conf.default.accept_ra = 2\n"
        "net.ipv4.conf.all.send_redirects = 0\n"
        "net.ipv4.conf.default.send_redirects = 0\n"
        "net.ipv4.conf.lan0.send_redirects = 0\n"
        "net.ipv4.vs.expire_nodest_conn = 1\n"
        "net.ipv4.vs.sync_threshold = 3 50\n"
    )
