"""The devices of tunnelled packets, their settings, and the MSS that a tunnel leaves."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lvsboot.install.tree import File
from lvsboot.ipvs.table import Family, TunnelType
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend, TunnelEnd
from lvsboot.role.reader import parse_role
from lvsboot.role.tunnels import announced_mss

IPIP, GUE, GRE = TunnelType
DROP_IN = "/etc/systemd/system/lvs-tunnel.service.d/devices.conf"


@pytest.mark.parametrize(
    ("vip", "kind", "checksum", "outer", "mss"),
    [
        # RFC 2003: 20 bytes around the packet; then 20 of IPv4, or 40 of IPv6, and 20 of TCP.
        ("192.0.2.1", IPIP, False, None, 1500 - 20 - 40),
        ("2001:db8::1", IPIP, False, None, 1500 - 40 - 60),
        ("192.0.2.1", IPIP, False, Family.IPV6, 1500 - 40 - 40),
        ("2001:db8::1", IPIP, False, Family.IPV4, 1500 - 20 - 60),
        # RFC 2784: four bytes, and four more with a checksum.
        ("192.0.2.1", GRE, False, None, 1500 - 20 - 4 - 40),
        ("192.0.2.1", GRE, True, None, 1500 - 20 - 8 - 40),
        # UDP's eight bytes and GUE's four; the checksum is UDP's own.
        ("192.0.2.1", GUE, False, None, 1500 - 20 - 12 - 40),
        ("192.0.2.1", GUE, True, None, 1500 - 20 - 12 - 40),
        ("2001:db8::1", GUE, False, Family.IPV6, 1500 - 40 - 12 - 60),
    ],
)
def test_announced_mss(vip: str, kind: TunnelType, checksum: bool, outer: Family, mss: int) -> None:  # noqa: FBT001
    assert announced_mss(TunnelEnd(kind, None, checksum, outer, None), ip_address(vip), ()) == mss


def texts(network: str, tunnel: str, vips: str = "[192.0.2.1]") -> dict[str, str]:
    text = f"version: 1\n{network}\nreal_server: {{method: tun, vips: {vips}, tunnel: {tunnel}}}\n"
    tree = render_host(parse_role(text.encode(), "role.yaml").role, text, Backend.EXTERNAL)
    return {entry.path: entry.text for entry in tree if isinstance(entry, File)}


def test_the_smallest_mtu_counts_and_a_given_mss_more() -> None:
    network = "network: {interfaces: {lan0: {mtu: 9000}, lan1: {mtu: 1400}, lan2: {}}}"
    assert "maxseg size set 1340" in texts(network, "{}")["/etc/lvs/lvs.nft"]
    assert "maxseg size set 1200" in texts(network, "{mss: 1200}")["/etc/lvs/lvs.nft"]
    jumbo = "network: {interfaces: {lan0: {mtu: 9000}}}"
    assert "maxseg size set 8940" in texts(jumbo, "{}")["/etc/lvs/lvs.nft"]


@pytest.mark.parametrize(
    ("tunnel", "vips", "devices", "modules", "unfiltered"),
    [
        ("{}", "[192.0.2.1]", "tunl0", "ipip", "tunl0"),
        ("{}", "['2001:db8::1']", "ip6tnl0", "ip6_tunnel", ""),
        ("{}", "[192.0.2.1, '2001:db8::1']", "tunl0 ip6tnl0", "ip6_tunnel ipip", "tunl0"),
        ("{family: ipv4}", "['2001:db8::1']", "sit0", "sit", ""),
        ("{family: ipv6}", "[192.0.2.1]", "ip6tnl0", "ip6_tunnel", "ip6tnl0"),
        ("{type: gre}", "[192.0.2.1, '2001:db8::1']", "gre0 ip6gre0", "ip6_gre ip_gre", "gre0"),
        ("{type: gue, port: 1}", "[192.0.2.1]", "tunl0", "fou ipip", "tunl0"),
    ],
)
def test_devices(tunnel: str, vips: str, devices: str, modules: str, unfiltered: str) -> None:
    tree = texts("", tunnel, vips)
    assert f'"DEVICES={devices}" "UNFILTERED={unfiltered}"' in tree[DROP_IN]
    assert tree["/etc/modules-load.d/lvs.conf"].split() == modules.split()
    filters = [line for line in tree["/etc/sysctl.d/90-lvs.conf"].splitlines() if "rp_f" in line]
    names = ["all", *unfiltered.split()] if unfiltered else []
    assert filters == [f"net.ipv4.conf.{name}.rp_filter = 0" for name in names]


def test_settings_of_fallback_devices() -> None:
    assert "ip -6 tunnel change ip6tnl0 mode any" in texts("", "{family: ipv6}")[DROP_IN]
    assert "tunnel change" not in texts("", "{family: ipv6}", "['2001:db8::1']")[DROP_IN]
    sums = texts("", "{type: gre, checksum: true}")[DROP_IN]
    assert "=ip tunnel change gre0 mode gre csum" in sums
    assert "tunnel change" not in texts("", "{type: gue, port: 1, checksum: true}")[DROP_IN]
    plain = texts("", "{type: gre}")[DROP_IN]
    assert "tunnel change" not in plain
    assert plain.count("gre0 wants checksums since an earlier role") == 1


def test_gue_listens_in_the_families_that_packets_come_in() -> None:
    both = texts("", "{type: gue, port: 6080}", "[192.0.2.1, '2001:db8::1']")[DROP_IN]
    assert "ExecStart=ip -4 fou add port 6080 gue\n" in both
    assert "ExecStart=ip -6 fou add port 6080 gue\n" in both
    assert "ExecStopPost=-ip -4 fou del port 6080\n" in both
    assert "ip -6" not in texts("", "{type: gue, port: 6080}")[DROP_IN]
