"""The addresses of a role against those of the kernel."""

from __future__ import annotations

from ipaddress import ip_interface

from lvsboot.host.live_network import Link, LinkAddress, LiveNetwork
from lvsboot.host.network.addresses import missing_addresses
from lvsboot.role.reader import decode_role


def test_addresses_that_the_platform_did_not_give() -> None:
    found = [ip_interface(text) for text in ("192.0.2.10/24", "2001:db8::10/64")]
    addresses = frozenset(LinkAddress("eth0", interface) for interface in found)
    live = LiveNetwork({"eth0": Link("eth0", is_up=True)}, addresses)
    value = {"addresses": ["192.0.2.10/24", "2001:DB8::10/64", "192.0.2.11/24", "192.0.2.10/25"]}
    nics = decode_role(
        {"network": {"interfaces": {"eth0": value, "eth1": {}}}, "real_server": {"method": "nat"}}
    ).nics
    assert [sentence.partition(":")[0] for sentence in missing_addresses(nics, live)] == [
        "eth0 has no 192.0.2.11/24",
        "eth0 has no 192.0.2.10/25",
        "there is no interface eth1",
    ]
