"""Marks and masquerading with real packets, and when the table is loaded and deleted."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields

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
)
from tests.kernel.units import RoleHost, UnitError

NFT = "lvs-nft.service"
UNREACHED = (TimeoutError, ConnectionError)


@dataclass(frozen=True, slots=True)
class Cluster:
    """`inner` is behind the director; the others are outside, as is the director."""

    director: RoleHost
    rs1: RoleHost
    rs2: RoleHost
    inner: RoleHost
    client: RoleHost


@pytest.fixture(scope="module")
def hosts() -> Iterator[Cluster]:
    cluster = Cluster(*(RoleHost(name) for name in ("director", "rs1", "rs2", "inner", "client")))
    outside, inside = Segment("outside"), Segment("inside")
    outside.plug(cluster.director, "eth0", f"{DIRECTOR}/16", f"{DIRECTOR6}/64")
    outside.plug(cluster.rs1, "eth0", f"{SERVER}/16", f"{SERVER6}/64")
    outside.plug(cluster.rs2, "eth0", "172.16.14.12/16", "2001:db8:14::12/64")
    clients = [f"172.16.14.{last}/16" for last in range(100, 106)]
    outside.plug(cluster.client, "eth0", *clients, f"{CLIENT6}/64", "2001:db8:14::101/64")
    inside.plug(cluster.director, "eth1", "10.0.0.1/24", "fd00::1/64")
    inside.plug(cluster.inner, "eth0", "10.0.0.11/24", "fd00::11/64")
    yield cluster
    everybody = [getattr(cluster, field.name) for field in fields(cluster)]
    for one in (*everybody, outside, inside):
        one.remove()


@contextmanager
def started(host: RoleHost, unit: str) -> Iterator[None]:
    host.start(unit)
    try:
        yield
    finally:
        host.stop(unit)


FWMARK = """\
version: 1
director:
  method: dr
  vips: [{address: 172.16.14.1, interface: eth0}, {address: "2001:db8:14::1", interface: eth0}]
  services:
    - fwmark: 1
      scheduler: rr
      match: [{vip: 172.16.14.1, ports: [80, 443, "8000-8100"]}]
      persistence: {}
      real_servers: [{address: 172.16.14.11}, {address: 172.16.14.12}]
    - fwmark: 1
      family: ipv6
      scheduler: rr
      match: [{vip: "2001:db8:14::1", ports: ["1-80", 443]}]
      persistence: {}
      real_servers: [{address: "2001:db8:14::11"}, {address: "2001:db8:14::12"}]
    - fwmark: 4294967295
      match: [{vip: 172.16.14.1, ports: [90]}]
      method: nat
      real_servers: [{address: 172.16.14.10, port: 9000}]
"""
REAL_SERVER = 'version: 1\nreal_server: {method: dr, vips: [172.16.14.1, "2001:db8:14::1"]}\n'


@pytest.fixture(scope="module")
def marking(hosts: Cluster) -> Iterator[Cluster]:
    with ExitStack() as stack:
        hosts.director.become(FWMARK)
        for server in (hosts.rs1, hosts.rs2):
            server.become(REAL_SERVER)
            for vip in (VIP, VIP6):
                stack.enter_context(started(server, f"lvs-vip@{vip}.service"))
                stack.enter_context(serving(server, vip, 80, 81, 443, 8042))
        for vip in (VIP, VIP6):
            stack.enter_context(started(hosts.director, f"lvs-vip@{vip}.service"))
        yield hosts


def test_one_client_has_one_real_server_on_all_ports(marking: Cluster) -> None:
    client = marking.client
    with started(marking.director, NFT):
        answers = {
            last: {ask(client, VIP, port, source=f"172.16.14.{last}") for port in (80, 443, 8042)}
            for last in range(100, 106)
        }
        with pytest.raises(UNREACHED):
            ask(client, VIP, 81)
        for last in (100, 101):
            source = f"2001:db8:14::{last}"
            found = {ask(client, VIP6, port, source=source) for port in (80, 443)}
            assert len(found) == 1
            with pytest.raises(UNREACHED):
                ask(client, VIP6, 8042, source=source)
    assert {len(found) for found in answers.values()} == {1}
    servers = {answer.split()[0] for found in answers.values() for answer in found}
    assert servers == {"rs1", "rs2"}
    # The control: without the table there is no mark, and without a mark no service.
    with pytest.raises(UNREACHED):
        ask(client, VIP, 80)


def test_the_directors_own_connections_are_marked(marking: Cluster) -> None:
    director = marking.director
    with serving(director, DIRECTOR, 9000), started(director, NFT):
        assert ask(director, VIP, 90).split()[0] == "director"


def test_no_connection_is_lost_while_the_table_is_replaced(marking: Cluster) -> None:
    director, refused, answered = marking.director, [], []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            try:
                answered.append(ask(marking.client, VIP, 80))
            except OSError as error:
                refused.append(error)

    with started(director, NFT):
        thread = threading.Thread(target=keep_asking)
        thread.start()
        for _ in range(10):
            director.reload(NFT)
        done.set()
        thread.join()
    assert refused == []
    assert len(answered) >= 10


def tables(host: RoleHost) -> list[str]:
    return re.findall(r"^table (.+)$", host.run("nft", "list", "tables"), re.MULTILINE)


def test_only_our_table_comes_and_goes(marking: Cluster) -> None:
    director = marking.director
    director.run("nft", "add table ip other; add chain ip other keep")
    try:
        director.start(NFT)
        once = director.run("nft", "list", "ruleset")
        director.reload(NFT)
        assert director.run("nft", "list", "ruleset") == once
        assert tables(director) == ["ip other", "inet lvsboot"]
        # As nftables.service does when it starts, reloads and stops.
        director.run("nft", "flush", "ruleset")
        director.reload(NFT)
        assert tables(director) == ["inet lvsboot"]
        director.run("nft", "add", "table", "ip", "other")
        director.stop(NFT)
        assert tables(director) == ["ip other"]
        director.stop(NFT)
    finally:
        director.run("nft", "flush", "ruleset")


def test_a_table_that_cannot_be_leaves_the_old_one(marking: Cluster) -> None:
    director = marking.director
    place = director.root / "etc/lvs/lvs.nft"
    text = place.read_text(encoding="utf-8")
    with started(director, NFT):
        before = director.run("nft", "list", "ruleset")
        place.write_text(text.replace("priority mangle", "priority 7 7"), encoding="utf-8")
        try:
            with pytest.raises(UnitError, match="nft --check"):
                director.reload(NFT)
            # Nor would it harm if it were not checked first.
            with pytest.raises(UnitError, match="syntax error"):
                director.run("nft", "--file", "/etc/lvs/lvs.nft")
        finally:
            place.write_text(text, encoding="utf-8")
        assert director.run("nft", "list", "ruleset") == before


NAT = """\
version: 1
network:
  interfaces: {eth0: {addresses: [172.16.14.10/16]}, eth1: {addresses: [10.0.0.1/24]}}
director:
  method: nat
  vips: [{address: 172.16.14.1, interface: eth0}, {address: "2001:db8:14::1", interface: eth0}]
  services:
    - {vip: 172.16.14.1, port: 80, scheduler: rr, real_servers: [{address: 10.0.0.11, port: 8080}]}
    - vip: "2001:db8:14::1"
      port: 80
      real_servers: [{address: "fd00::11", port: 8080}]
  masquerade:
    - {source: 10.0.0.0/24, interface: eth0}
    - {source: "fd00::/64", interface: eth0}
"""


# The VIP, the real server inside, the client, and the director outside.
ADDRESSES = {
    "ipv4": (VIP, "10.0.0.11", CLIENT, DIRECTOR),
    "ipv6": (VIP6, "fd00::11", CLIENT6, DIRECTOR6),
}


@pytest.fixture(scope="module")
def behind_nat(marking: Cluster) -> Cluster:
    """The director has another role, and its VIPs stay."""
    marking.director.become(NAT)
    marking.inner.run("ip", "route", "add", "default", "via", "10.0.0.1")
    marking.inner.run("ip", "-6", "route", "add", "default", "via", "fd00::1")
    return marking


@pytest.mark.parametrize("tracked", ["0", "1"], ids=["untracked", "tracked"])
@pytest.mark.parametrize("family", ADDRESSES)
def test_real_servers_get_out_and_clients_get_in(
    behind_nat: Cluster, tracked: str, family: str
) -> None:
    vip, server, client, director = ADDRESSES[family]
    inner, asking = behind_nat.inner, behind_nat.client
    behind_nat.director.run("sysctl", "-qw", f"net.ipv4.vs.conntrack={tracked}")
    with serving(inner, server, 8080), serving(asking, client, 7000):
        with started(behind_nat.director, NFT):
            for _ in range(2):
                assert ask(inner, client, 7000).split()[:2] == ["client", director]
                # Both ways more than fits into one packet, from the VIP and to it.
                said = ask(asking, vip, 80, source=client, size=100_000)
                assert said == f"inner {client} 100000"
        assert ask(asking, vip, 80, source=client) == f"inner {client} 0"
        # The control: without the table nobody outside knows whom to answer.
        with pytest.raises(UNREACHED):
            ask(inner, client, 7000, timeout=0.5)
