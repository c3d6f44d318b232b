"""Links, addresses and gateways as a real kernel has them, in a namespace of its own."""

from __future__ import annotations

import sys
from ipaddress import ip_address

import pytest

from lvsboot.errors import HostError
from lvsboot.host import live_network
from tests.unit.host.namespace import run_in_namespace

pytest.importorskip("pyroute2", exc_type=ImportError)

READ = """
from lvsboot.host.live_network import read_live_network
found = read_live_network()
"""


def test_this_host() -> None:
    live = live_network.read_live_network()
    assert "lo" in live.links
    assert live.links_with(ip_address("127.0.0.1")) == ("lo",)
    assert live.links_with(ip_address("192.0.2.254")) == ()


def test_links() -> None:
    said = run_in_namespace(
        READ + "for it in found.links.values(): print(*it[:2], it.mac.hex(), it.has_neighbours)",
        setup="ip link set peer address 52:54:00:00:00:02; ip link set eth0 arp off",
    )
    assert said.splitlines() == [
        "lo True  False",
        "peer True 525400000002 True",
        "eth0 True 525400000001 False",
    ]


@pytest.mark.parametrize(
    ("setup", "has_neighbours"),
    [
        ("", True),
        ("ip link set peer down", False),
        ("ip link set eth0 down", False),
        ("ip link set eth0 arp off", False),
    ],
)
def test_a_link_that_neighbours_hear(setup: str, *, has_neighbours: bool) -> None:
    said = run_in_namespace(READ + "print(found.links['eth0'].has_neighbours)", setup=setup)
    assert said == f"{has_neighbours}\n"


def test_addresses() -> None:
    """Of a point-to-point link, the host's own end; a duplicate or untried one is not usable."""
    said = run_in_namespace(
        READ + "for it in sorted(found.addresses, key=str):\n"
        "    if not it.interface.is_link_local: print(*it)",
        setup="""
        ip address add 192.0.2.1 peer 192.0.2.2 dev eth0
        ip address add 2001:db8::1/64 dev eth0 nodad
        ip link add eth1 type veth peer name other
        ip address add 2001:db8::2/128 dev eth1
        ip address add 192.0.2.1/32 dev peer
        """,
    )
    assert sorted(said.splitlines()) == [
        "eth0 192.0.2.1/32 True",
        "eth0 2001:db8::1/64 True",
        "eth1 2001:db8::2/128 False",
        "lo 127.0.0.1/8 True",
        "lo ::1/128 True",
        "peer 192.0.2.1/32 True",
    ]


def test_a_name_that_is_not_utf_8() -> None:
    said = run_in_namespace(
        READ + "print(any('0' in name for name in found.links))\n",
        setup=r"""ip link add "$(printf '\3770')" type veth peer name other""",
    )
    assert said == "True\n"


def test_gateways() -> None:
    script = (
        "from lvsboot.host.live_network import *\nprint(*sorted(map(str, read_default_gateways())))"
    )
    setup = """
    ip address add 192.0.2.1/24 dev eth0; ip address add 2001:db8::1/64 dev eth0 nodad
    """
    assert run_in_namespace(script, setup=setup) == "\n"
    setup += "ip route add default via 192.0.2.254; ip route add default via 2001:db8::254\n"
    setup += "ip route add 198.51.100.0/24 via 192.0.2.253\n"
    assert run_in_namespace(script, setup=setup) == "192.0.2.254 2001:db8::254\n"


def test_an_mtu_is_set_and_a_link_that_is_gone_has_none() -> None:
    said = run_in_namespace("""
        from lvsboot.host.live_network import set_mtu
        set_mtu("eth0", 1400)
        set_mtu("eth9", 1400)
        ip("-oneline", "link", "show", "eth0")
        """)
    assert " mtu 1400 " in said


def test_what_the_kernel_refuses_is_said() -> None:
    said = run_in_namespace("""
        from lvsboot.errors import HostError
        from lvsboot.host.live_network import set_mtu
        try:
            set_mtu("eth0", 1)
        except HostError as error:
            print(error)
        """)
    assert said == "setting the MTU of eth0: Invalid argument\n"


def test_addresses_are_flushed_but_for_those_of_the_link() -> None:
    """Two of a network, of which the second goes with the first; a peer's; IPv6."""
    said = run_in_namespace(
        """
        from lvsboot.host.live_network import flush_global_addresses
        flush_global_addresses("eth0")
        flush_global_addresses("eth9")
        ip("-brief", "address", "show", "dev", "eth0")
        """,
        setup="""
        sysctl -qw net.ipv4.conf.all.promote_secondaries=0 || true
        for address in 192.0.2.1/24 192.0.2.2/24 "198.51.100.1 peer 198.51.100.2" \
                2001:db8::1/64 fe80::99/64 "203.0.113.1/24 scope link"; do
            ip address add $address dev eth0
        done
        """,
    )
    words = said.split()[2:]
    assert "fe80::99/64" in words
    assert "203.0.113.1/24" in words
    assert [word for word in words if not word.startswith(("fe80", "203"))] == []


def test_without_pyroute2_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyroute2", None)
    with pytest.raises(HostError, match="install python3-pyroute2"):
        live_network.read_live_network()
