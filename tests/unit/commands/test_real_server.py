"""What a real server holds, by what the kernel has, in words and as JSON."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from lvsboot.cli.text.real_server import real_server_text, real_server_value
from lvsboot.commands.real_server import (
    RealServerState,
    VipChange,
    real_server_state,
    vip_changes,
)
from lvsboot.host.live_network import Link, LinkAddress, LiveNetwork
from lvsboot.role.model import RealServer
from lvsboot.role.reader import parse_role

V4, V6 = "192.0.2.1", "2001:db8::1"
DR = f'version: 1\nreal_server: {{method: dr, vips: ["{V4}", "{V6}"]}}\n'
TUN = (
    f'version: 1\nreal_server: {{method: tun, vips: ["{V4}", "{V6}"], '
    "tunnel: {type: gue, port: 6080}}\n"
)
NAT = "version: 1\nreal_server: {method: nat, director: 10.0.0.1}\n"


def real_server(text: str) -> RealServer:
    kind = parse_role(text.encode(), "role.yaml").role.kind
    assert isinstance(kind, RealServer)
    return kind


def network(*addresses: tuple[str, str], **links: bool) -> LiveNetwork:
    found = frozenset(LinkAddress(link, ip_interface(text)) for text, link in addresses)
    return LiveNetwork({name: Link(name, is_up) for name, is_up in links.items()}, found)


def state(
    text: str, live: LiveNetwork, opening: str | None = None, gateway: str = "10.0.0.9"
) -> RealServerState:
    return real_server_state(real_server(text), live, {ip_address(gateway)}, opening)


BOTH = ((V4, "lo"), (V6, "lo"))


@pytest.mark.parametrize(
    ("found", "is_right", "said"),
    [
        (
            state(DR, network(*BOTH)),
            True,
            "192.0.2.1    lo  up\n  2001:db8::1  lo  up\nARP guard: this",
        ),
        (state(DR, network(*BOTH, (V4, "eth1"))), False, "lo  up, and on eth1, where the host"),
        (state(DR, network(BOTH[0], (V6, "eth1"))), False, "lo  MISSING, and on eth1, where"),
        (state(DR, network()), False, "lo  MISSING\n  2001:db8::1  lo  MISSING\n"),
        (state(DR, network(*BOTH), "a\x1b[2J"), False, "ARP guard: a\\x1b[2J\n"),
        (
            state(TUN, network(*BOTH, tunl0=True, ip6tnl0=True)),
            True,
            "tunnel gue, port 6080: tunl0 up, ip6tnl0 up\n",
        ),
        (state(TUN, network(*BOTH, tunl0=False)), False, "tunl0 DOWN, ip6tnl0 MISSING\n"),
        (
            state(NAT, network(), gateway="10.0.0.1"),
            True,
            "director 10.0.0.1: the default gateway\n",
        ),
        (state(NAT, network()), False, "director 10.0.0.1: NOT the default gateway\n"),
    ],
)
def test_what_is_said(found: RealServerState, is_right: bool, said: str) -> None:  # noqa: FBT001
    assert said in real_server_text(found)
    assert found.is_right is is_right
    assert real_server_value(found)["as_the_role_says"] is is_right


def test_the_value_says_the_same() -> None:
    live = network(BOTH[0], (V4, "eth1"), tunl0=True)
    assert real_server_value(state(TUN, live, "open")) == {
        "method": "tun",
        "vips": [
            {"address": V4, "interface": "lo", "present": True, "elsewhere": ["eth1"]},
            {"address": V6, "interface": "lo", "present": False, "elsewhere": []},
        ],
        "tunnel": {
            "type": "gue",
            "port": 6080,
            "devices": [
                {"name": "tunl0", "present": True, "up": True},
                {"name": "ip6tnl0", "present": False, "up": False},
            ],
        },
        "director": None,
        "arp_guard": {"silent": False, "reason": "open"},
        "as_the_role_says": False,
    }
    assert real_server_value(state(NAT, network()))["arp_guard"] is None


def test_what_an_apply_does_to_live_vips() -> None:
    former = [ip_address("192.0.2.9"), ip_address(V4), ip_address("192.0.2.8")]
    live = network((V4, "lo"), ("192.0.2.9", "lo"), ("10.0.0.1", "eth0"))
    assert vip_changes(real_server(DR), former, live) == (
        VipChange(ip_address(V6), "lo", comes=True),
        VipChange(ip_address("192.0.2.9"), "lo", comes=False),
    )
