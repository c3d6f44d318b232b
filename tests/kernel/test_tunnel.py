"""Requests that reach a real server by tunnel, and answers that leave it directly."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kernel.segment import (
    CLIENT,
    CLIENT6,
    DIRECTOR,
    DIRECTOR6,
    SERVER,
    SERVER6,
    VIP,
    VIP6,
    Segment,
    ask,
    serving,
    watching,
)
from tests.kernel.units import RoleHost, UnitError

pytestmark = pytest.mark.long

NFT, TUNNEL = "lvs-nft.service", "lvs-tunnel.service"
VIPS = {4: VIP, 6: VIP6}
SERVERS = {4: SERVER, 6: SERVER6}
CLIENTS = {4: CLIENT, 6: CLIENT6}


@dataclass(frozen=True, slots=True)
class Cluster:
    director: RoleHost
    server: RoleHost
    client: RoleHost


@pytest.fixture(scope="module")
def hosts() -> Iterator[Cluster]:
    cluster = Cluster(*(RoleHost(name) for name in ("director", "server", "client")))
    segment = Segment("segment")
    segment.plug(cluster.director, "eth0", f"{DIRECTOR}/16", f"{DIRECTOR6}/64")
    segment.plug(cluster.server, "eth0", f"{SERVERS[4]}/16", f"{SERVERS[6]}/64")
    segment.plug(cluster.client, "eth0", f"{CLIENTS[4]}/16", f"{CLIENTS[6]}/64")
    yield cluster
    for host in (cluster.director, cluster.server, cluster.client, segment):
        host.remove()


def director_role(tunnel: str, outer: int, inner: int) -> str:
    server = f'{{address: "{SERVERS[outer]}", tunnel: {tunnel}}}'
    return (
        "version: 1\ndirector:\n  method: tun\n"
        f'  vips: [{{address: "{VIPS[inner]}", interface: eth0}}]\n'
        f'  services: [{{vip: "{VIPS[inner]}", port: 80, real_servers: [{server}]}}]\n'
    )


def server_role(tunnel: str, outer: int, inner: int) -> str:
    family = "" if outer == inner else f", family: ipv{outer}"
    return (
        f'version: 1\nreal_server:\n  method: tun\n  vips: ["{VIPS[inner]}"]\n'
        f"  tunnel: {tunnel[:-1]}{family}}}\n"
    )


@pytest.mark.parametrize(
    ("tunnel", "outer", "inner", "mss"),
    [
        ("{type: ipip}", 4, 4, 1440),
        ("{type: ipip}", 6, 6, 1400),
        ("{type: ipip}", 6, 4, 1420),
        ("{type: ipip}", 4, 6, 1420),
        ("{type: gue, port: 6080}", 4, 4, 1428),
        ("{type: gue, port: 6080, checksum: true}", 6, 6, 1388),
        ("{type: gue, port: 6080}", 4, 6, 1408),
        ("{type: gre}", 4, 4, 1436),
        ("{type: gre}", 6, 6, 1396),
        ("{type: gre}", 6, 4, 1416),
        # Last: the device stays so.
        ("{type: gre, checksum: true}", 4, 6, 1412),
    ],
)
def test_asked_by_tunnel_and_answered_directly(
    hosts: Cluster, tunnel: str, outer: int, inner: int, mss: int
) -> None:
    director, server, client = hosts.director, hosts.server, hosts.client
    director.become(director_role(tunnel, outer, inner))
    server.become(server_role(tunnel, outer, inner))
    mac = server.run("cat", "/sys/class/net/eth0/address").strip()
    units = (NFT, TUNNEL, f"lvs-vip@{VIPS[inner]}.service")
    director.start(units[-1])
    for unit in units:
        server.start(unit)
    try:
        server.reload(TUNNEL)
        with serving(server, VIPS[inner], 80), watching(client, "eth0", VIPS[inner]) as seen:
            # More than a packet, so that full segments go through the tunnel.
            said = ask(client, VIPS[inner], 80, size=50_000)
    finally:
        for unit in reversed(units):
            server.stop(unit)
        director.stop(units[-1])
    assert said == f"server {CLIENTS[inner]} 50000"
    assert [(offer.mac, offer.mss) for offer in seen] == [(mac, mss)]


def test_a_device_that_wants_checksums_is_said(hosts: Cluster) -> None:
    hosts.server.become(server_role("{type: gre}", 4, 4))
    with pytest.raises(UnitError, match="gre0 wants checksums since an earlier role"):
        hosts.server.start(TUNNEL)
    hosts.server.stop(TUNNEL)


@pytest.fixture
def open_tunnel(hosts: Cluster) -> Iterator[RoleHost]:
    server = hosts.server
    server.become(server_role("{type: ipip}", 4, 4))
    server.start(TUNNEL)
    yield server
    server.stop(TUNNEL)


def ipip(source: str, target: str, port: int) -> bytes:
    """A UDP datagram in an IPv4 packet, whose checksum is right; the outer header is not here."""
    udp = struct.pack("!4H", 4000, port, 8, 0)
    fields = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, socket.IPPROTO_UDP, 0)
    header = fields + socket.inet_aton(source) + socket.inet_aton(target)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return header[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + header[12:] + udp


def gets_through(hosts: Cluster) -> bool:
    """Whether what anybody wraps for the server reaches the server's own address."""
    with hosts.server.entered():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((SERVERS[4], 5000))
        listener.settimeout(0.3)
    with hosts.client.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)
    with listener, sender:
        sender.sendto(ipip("10.9.9.9", SERVERS[4], 5000), (SERVERS[4], 0))
        try:
            return bool(listener.recvfrom(100)[1] == ("10.9.9.9", 4000))
        except TimeoutError:
            return False


def test_a_tunnel_leads_to_vips_only(hosts: Cluster, open_tunnel: RoleHost) -> None:
    open_tunnel.start(NFT)
    assert not gets_through(hosts)
    # The control: the same packet without the table.
    open_tunnel.stop(NFT)
    assert gets_through(hosts)


def test_a_closed_tunnel_is_closed(hosts: Cluster, open_tunnel: RoleHost) -> None:
    open_tunnel.stop(TUNNEL)
    assert not gets_through(hosts)


def test_what_would_drop_packets_is_said(hosts: Cluster, open_tunnel: RoleHost) -> None:
    open_tunnel.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=2")
    with pytest.raises(UnitError, match=r"conf\.all\.rp_filter is 2 \(needs 0\)"):
        open_tunnel.start(TUNNEL)
    drop_in = open_tunnel.root / "etc/systemd/system/lvs-tunnel.service.d/devices.conf"
    text = drop_in.read_text(encoding="utf-8")
    drop_in.write_text(text.replace("tunl0", "absent0"), encoding="utf-8")
    with pytest.raises(UnitError, match="there is no device absent0: the kernel lacks its module"):
        open_tunnel.start(TUNNEL)
    drop_in.write_text(text, encoding="utf-8")
