"""Which NICs have an MTU by a backend's file; tests/unit/commands/test_network.py has more."""

from __future__ import annotations

import pytest

from lvsboot.host.network.mtu import names_with_mtu

DEEP = 20_000


@pytest.mark.parametrize("text", ["[" * DEEP, "network: [", "network: {ethernets: {eth0: 1}}"])
def test_a_broken_file_of_our_own_has_no_mtu(text: str) -> None:
    assert names_with_mtu("/etc/netplan/90-lvs.yaml", text) == set()
