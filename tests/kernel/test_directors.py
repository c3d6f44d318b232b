"""Rare kinds of directors, with real packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import pytest

from tests.kernel.ftp import CONTENT, download, serving_ftp
from tests.kernel.hosts import run
from tests.kernel.segment import CLIENT6, DIRECTOR, DIRECTOR6, VIP, VIP6, Segment, ask, serving
from tests.kernel.units import RoleHost

CLIENTS = [f"172.16.14.{last}" for last in range(100, 124)]
VIPS = (VIP, VIP6)


@dataclass(frozen=True, slots=True)
class Cluster:
    director: RoleHost
    inner: RoleHost
    client: RoleHost


@pytest.fixture(scope="module")
def hosts() -> Iterator[Cluster]:
    cluster = Cluster(*(RoleHost(name) for name in ("director", "inner", "client")))
    outside, inside = Segment("outside"), Segment("inside")
    outside.plug(cluster.director, "eth0", f"{DIRECTOR}/16", f"{DIRECTOR6}/64")
    clients = [f"{address}/16" for address in CLIENTS]
    outside.plug(cluster.client, "eth0", *clients, f"{CLIENT6}/64")
    inside.plug(cluster.director, "eth1", "10.0.0.1/24")
    inside.plug(cluster.inner, "eth0", "10.0.0.11/24", "10.0.0.12/24")
    cluster.inner.run("ip", "route", "add", "default", "via", "10.0.0.1")
    yield cluster
    for one in (*(getattr(cluster, it.name) for it in fields(cluster)), outside, inside):
        one.remove()


NETWORK = """\
version: 1
network:
  interfaces:
    eth0: {addresses: [172.16.14.10/16, "2001:db8:14::10/64"]}
    eth1: {addresses: [10.0.0.1/24]}
"""

FTP = f"""\
{NETWORK}
director:
  method: nat
  vips: [{{address: {DIRECTOR}, interface: eth0}}]
  services:
    - {{vip: {DIRECTOR}, port: 21, HELPERS real_servers: [{{address: 10.0.0.11}}]}}
"""


def test_ftp_without_its_helper(hosts: Cluster) -> None:
    """The control of what follows, and before it: while it is loaded, it helps everybody."""
    run("modprobe", "--remove", "ip_vs_ftp")
    hosts.director.become(FTP.replace("HELPERS", "helpers: [],"))
    with serving_ftp(hosts.inner, "10.0.0.11"):
        for mode in ("passive", "active"):
            with pytest.raises(OSError):  # refused, unreachable or never answered
                download(hosts.client, DIRECTOR, passive=mode == "passive")


@pytest.mark.parametrize("mode", ["passive", "active"])
@pytest.mark.parametrize("tracked", ["0", "1"], ids=["untracked", "tracked"])
def test_ftp_through_nat(hosts: Cluster, mode: str, tracked: str) -> None:
    """The VIP is the director's only address outside, and the helper follows the connections."""
    passive = mode == "passive"
    hosts.director.become(FTP.replace("HELPERS", ""))
    hosts.director.run("sysctl", "-qw", f"net.ipv4.vs.conntrack={tracked}")
    with serving_ftp(hosts.inner, "10.0.0.11"):
        content, told = download(hosts.client, DIRECTOR, passive=passive)
    assert content == CONTENT
    assert told == (DIRECTOR if passive else "")
    hosts.director.restore("-C\n")


LOCAL = f"""\
{NETWORK}
director:
  method: dr
  vips: [{{address: {VIP}, interface: eth0}}, {{address: "{VIP6}", interface: eth0}}]
  services:
    - {{vip: {VIP}, port: 80, real_servers: [{{address: {DIRECTOR}}}]}}
    - {{vip: {VIP}, port: 81, real_servers: [{{address: 127.0.0.1}}]}}
    - {{vip: {VIP}, port: 82, method: tun, real_servers: [{{address: 127.0.0.1}}]}}
    - {{vip: {VIP}, port: 83, method: nat, real_servers: [{{address: {DIRECTOR}, port: 8080}}]}}
    - {{vip: "{VIP6}", port: 84, real_servers: [{{address: "::1"}}]}}
"""


def test_a_director_is_a_real_server_of_its_own(hosts: Cluster) -> None:
    director, client = hosts.director, hosts.client
    director.become(LOCAL)
    for vip in VIPS:
        director.start(f"lvs-vip@{vip}.service")
    try:
        with serving(director, VIP, 80, 81, 82), serving(director, DIRECTOR, 8080):
            for port in (80, 81, 82, 83):
                assert ask(client, VIP, port).split()[0] == "director", port
        with serving(director, VIP6, 84):
            assert ask(client, VIP6, 84).split()[0] == "director"
        # All of them came by IPVS.
        known = director.ipvsadm("-L", "-c", "-n").stdout
        for port in (80, 81, 82, 83):
            assert f" {VIP}:{port} " in known
        assert f" [{VIP6}]:84 " in known
    finally:
        for vip in VIPS:
            director.stop(f"lvs-vip@{vip}.service")
        director.restore("-C\n")


HASHED = f"""\
{NETWORK}
director:
  method: nat
  vips: [{{address: {DIRECTOR}, interface: eth0}}]
  services:
    - vip: {DIRECTOR}
      port: 80
      scheduler: SCHEDULER
      scheduler_flags: [FLAGS]
      real_servers: [{{address: 10.0.0.11, port: 8080}}, {{address: 10.0.0.12, port: 8080}}]
"""


@pytest.mark.parametrize("scheduler", ["sh", "mh"])
def test_who_is_refused_while_a_server_is_at_weight_0(hosts: Cluster, scheduler: str) -> None:
    """What the warning says, with both schedulers: fallback, and nothing else, serves everybody."""
    role = HASHED.replace("SCHEDULER", scheduler)
    with serving(hosts.inner, "10.0.0.11", 8080), serving(hosts.inner, "10.0.0.12", 8080):
        refused = {}
        for flags in ("", "fallback"):
            hosts.director.become(role.replace("FLAGS", flags))
            drained = f"-e -t {DIRECTOR}:80 -r 10.0.0.12:8080 -m -w 0\n"
            assert hosts.director.restore(drained).stderr == ""
            refused[flags] = [source for source in CLIENTS if not is_served(hosts.client, source)]
    assert 0 < len(refused[""]) < len(CLIENTS)
    assert refused["fallback"] == []
    hosts.director.restore("-C\n")


def is_served(client: RoleHost, source: str) -> bool:
    try:
        return ask(client, DIRECTOR, 80, source=source).startswith("inner")
    except ConnectionError:
        return False
