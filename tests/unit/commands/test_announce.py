"""VIPs are announced on real links, in a namespace of its own; the peer's side is listened to."""

from __future__ import annotations

import pytest

from tests.unit.host.namespace import run_in_namespace

pytest.importorskip("pyroute2", exc_type=ImportError)

VIP = "ip address add 192.0.2.1/32 dev eth0"
BEGINNING = """
import socket
from lvsboot.commands.announce import announce
from lvsboot.host.live_network import read_live_network
vip = bytes((192, 0, 2, 1))
heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
heard.bind(("peer", 0x0806))
heard.settimeout(0.5)
def frames():
    while True:
        try:
            frame = heard.recv(100)
        except TimeoutError:
            return
        if frame[28:32] == vip and heard:
            yield frame
pauses = []
def show(done):
    print(*[(link.name, link.mac.hex()) for _address, link in done.announced], *done.absent)
"""


def test_the_peer_hears_three_requests_and_replies() -> None:
    said = run_in_namespace(
        BEGINNING + "show(announce([vip], wait=False, sleep=pauses.append))\n"
        "print(len(list(frames())), pauses)",
        setup=VIP,
    )
    assert said == "('eth0', '525400000001')\n6 [1.0, 1.0]\n"


@pytest.mark.parametrize("setup", ["", f"{VIP}; ip link set peer down"])
def test_what_is_up_on_no_link_is_absent(setup: str) -> None:
    said = run_in_namespace(BEGINNING + "show(announce([vip], wait=False))", setup=setup)
    assert said == "b'\\xc0\\x00\\x02\\x01'\n"


def test_a_link_that_vanishes_between_two_calls_is_not_up() -> None:
    """It is read, and gone before a frame is sent."""
    said = run_in_namespace(
        BEGINNING + "def read():\n"
        "    found = read_live_network()\n"
        "    ip('link', 'delete', 'eth0')\n"
        "    return found\n"
        "show(announce([vip], wait=False, read=read))",
        setup=VIP,
    )
    assert said == "b'\\xc0\\x00\\x02\\x01'\n"


def test_a_link_that_vanishes_is_waited_for_until_it_is_back() -> None:
    said = run_in_namespace(
        BEGINNING + "import threading\n"
        "count = 0\n"
        "def come():\n"
        "    ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other')\n"
        "    for words in ('link set eth0 up', 'link set other up', "
        "'address add 192.0.2.1/32 dev eth0'):\n"
        "        ip(*words.split())\n"
        "def read():\n"
        "    global count\n"
        "    count += 1\n"
        "    found = read_live_network()\n"
        "    if count == 1:\n"
        "        ip('link', 'delete', 'eth0')\n"
        "        threading.Timer(0.5, come).start()\n"
        "    return found\n"
        "done = announce([vip], wait=True, read=read, sleep=pauses.append)\n"
        "print([link.name for _address, link in done.announced], done.absent, len(pauses))",
        setup=VIP,
    )
    assert said == "['eth0'] () 2\n"
