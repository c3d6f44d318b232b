"""Roles whose trees several tests of render/ read."""

from __future__ import annotations

from lvsboot.install.tree import File, Tree
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role

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


def render(text: str, backend: Backend = Backend.NETWORKD) -> Tree:
    return render_host(parse_role(text.encode(), "role.yaml").role, text, backend)


def text_of(tree: Tree, path: str) -> str:
    [entry] = [entry for entry in tree if entry.path == path]
    assert isinstance(entry, File)
    return entry.text
