"""The modules of each role, and their parameters."""

from __future__ import annotations

import pytest

from tests.unit.render.trees import DIRECTOR, EVERYTHING, render, text_of


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
