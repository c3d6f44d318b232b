"""ARP probes and neighbour solicitations, answered by a kernel, and read."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lvsboot.announce.frames import gratuitous_arp
from lvsboot.announce.questions import answering_mac, arp_probe
from tests.unit.host.namespace import run_in_namespace

MAC, VIP = b"\2\0\0\0\0\1", ip_address("192.0.2.1").packed

# One end of the pair is in a namespace of its own: a host does not hear itself.
TWO_HOSTS = """\
import subprocess, time
other = subprocess.Popen(["unshare", "--net", "sleep", "60"])
time.sleep(0.5)
ip("link", "add", "name", "near", "type", "veth", "peer", "name", "far", "netns", str(other.pid))
def there(*words):
    subprocess.run(["nsenter", "--net", "--target", str(other.pid), "ip", *words], check=True)
ip("address", "add", "192.0.2.10/24", "dev", "near")
ip("link", "set", "near", "up")
ip("-6", "address", "add", "2001:db8::10/64", "dev", "near", "nodad")
there("link", "set", "far", "address", "02:00:00:00:00:02", "up")
there("address", "add", "192.0.2.1/32", "dev", "far")
there("-6", "address", "add", "2001:db8::1/128", "dev", "far", "nodad")
time.sleep(0.5)
from ipaddress import ip_address
from lvsboot.commands.verify.active import _ask
from lvsboot.host.live_network import read_live_network
network = read_live_network()
for vip in ("192.0.2.1", "2001:db8::1", "192.0.2.9"):
    print(vip, *_ask(ip_address(vip), ("near",), network))
other.terminate()
"""


def test_a_neighbour_is_named_by_its_mac() -> None:
    said = run_in_namespace(TWO_HOSTS)
    assert said.splitlines() == [
        "192.0.2.1 02:00:00:00:00:02",
        "2001:db8::1 02:00:00:00:00:02",
        "192.0.2.9",
    ]


@pytest.mark.parametrize("frame", [b"", b"\0" * 14, arp_probe(MAC, VIP), bytes(12) + b"\x86\xdd"])
def test_what_is_no_answer(frame: bytes) -> None:
    assert answering_mac(frame, VIP) is None


def test_an_answer_for_another_address() -> None:
    _request, reply = gratuitous_arp(MAC, VIP)
    assert answering_mac(reply, VIP) == MAC
    assert answering_mac(reply, ip_address("192.0.2.2").packed) is None
