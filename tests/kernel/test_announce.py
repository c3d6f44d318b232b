"""A director replaces another, and its neighbours' caches have the other's address."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvsboot import paths
from tests.kernel.hosts import Host
from tests.kernel.segment import CLIENT, CLIENT6, DIRECTOR, DIRECTOR6, VIP, VIP6, Segment

# The replaced director's.
STALE = "52:54:00:00:00:99"


@dataclass(frozen=True, slots=True)
class Place:
    segment: Segment
    director: Host
    client: Host

    def neighbour(self, address: str) -> str:
        """The hardware address in the client's neighbour cache."""
        [entry] = self._ip(self.client, "neighbour", "show", "to", address)
        mac: str = entry["lladdr"]
        return mac

    def mac(self) -> str:
        [link] = self._ip(self.director, "link", "show", "dev", "eth1")
        mac: str = link["address"]
        return mac

    def believe(self, address: str) -> None:
        entry = ("neighbour", "replace", address, "lladdr", STALE, "dev", "eth1", "nud", "stale")
        self._ip(self.client, *entry)

    @staticmethod
    def _ip(host: Host, *words: str) -> list[dict[str, str]]:
        argv = ["ip", "-json", "-n", host.name, *words]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        found: list[dict[str, str]] = json.loads(done.stdout or "[]")
        return found


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place(
        Segment("announce"), Host("announcer", dummy=False), Host("believer", dummy=False)
    )
    place.segment.plug(place.director, "eth1", f"{DIRECTOR}/16", f"{DIRECTOR6}/64")
    place.segment.plug(place.client, "eth1", f"{CLIENT}/16", f"{CLIENT6}/64")
    yield place
    for thing in (place.director, place.client, place.segment):
        thing.remove()


def add_vips(host: Host) -> None:
    for vip in (f"{VIP}/32", f"{VIP6}/128"):
        subprocess.run(
            ["ip", "-n", host.name, "address", "add", vip, "dev", "eth1", "nodad"], check=True
        )


def test_a_neighbour_with_a_stale_entry_reaches_the_new_director_at_once(place: Place) -> None:
    add_vips(place.director)
    for vip in (VIP, VIP6):
        place.believe(vip)
    # The control: adding the address alone updates no neighbour.
    assert {place.neighbour(vip) for vip in (VIP, VIP6)} == {STALE}
    done = place.director.lvsboot("announce", VIP, VIP6)
    assert done.returncode == 0, done.stderr
    assert f"{VIP} is at {place.mac()} on eth1" in done.stderr
    assert {place.neighbour(vip) for vip in (VIP, VIP6)} == {place.mac()}
    with place.director.entered():
        listener = socket.create_server((VIP, 80))
    with place.client.entered():
        asking = socket.socket()
    with listener, asking:
        asking.settimeout(1)
        asking.connect((VIP, 80))


def test_tcpdump_finds_nothing_wrong_with_what_is_said(place: Place) -> None:
    add_vips(place.director)
    argv = ["tcpdump", "-i", "eth1", "-n", "-e", "-v", "-c", "9", "-l"]
    with place.client.entered():
        dump = subprocess.Popen(
            [*argv, f"ether src {place.mac()} and (arp or icmp6[0] == 136)"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert dump.stderr is not None
    while "listening" not in dump.stderr.readline():
        assert dump.poll() is None
    place.director.lvsboot("announce", VIP, VIP6)
    said, _ = dump.communicate(timeout=20)
    lines = " ".join(line.strip() for line in said.splitlines())
    assert lines.count(f"Request who-has {VIP} tell {VIP}") == 3
    assert lines.count(f"Reply {VIP} is-at {place.mac()}") == 3
    assert lines.count("[icmp6 sum ok] ICMP6, neighbor advertisement") == 3
    assert lines.count(f"tgt is {VIP6}, Flags [override]") == 3
    assert lines.count("hlim 255") == 3


def test_the_loaded_rules_say_which_vips(place: Place) -> None:
    add_vips(place.director)
    loaded = Path(paths.LOADED_RULES)
    loaded.parent.mkdir(parents=True, exist_ok=True)
    loaded.write_text(f"-A -t {VIP}:80 -s rr\n-A -t {VIP}:443 -s rr\n-A -f 7 -s rr\n")
    try:
        place.believe(VIP)
        done = place.director.lvsboot("announce")
    finally:
        loaded.unlink()
    assert (done.returncode, done.stderr.count("announced: ")) == (0, 1)
    assert place.neighbour(VIP) == place.mac()


def test_what_is_not_here_is_not_announced(place: Place) -> None:
    place.believe(VIP)
    done = place.director.lvsboot("announce", VIP)
    assert done.returncode == 1
    assert f"{VIP} not announced: it is up on no Ethernet link" in done.stderr
    assert place.neighbour(VIP) == STALE


def test_a_vip_that_comes_later_is_waited_for(place: Place) -> None:
    place.believe(VIP)
    coming = threading.Timer(1.0, add_vips, [place.director])
    coming.start()
    done = place.director.lvsboot("announce", "--wait", VIP)
    coming.join()
    assert done.returncode == 0
    assert place.neighbour(VIP) == place.mac()


def test_without_the_right_to_send_frames_it_says_so(place: Place) -> None:
    add_vips(place.director)
    done = place.director.lvsboot("announce", VIP, user=65534)
    assert (done.returncode, "CAP_NET_RAW is needed" in done.stderr) == (77, True)


def first_on_packet_socket(call: str, lines: list[str]) -> int:
    """The number of the first call on one: netlink's sockets are bound and written to before."""
    packet = set[str]()
    count = 0
    for line in lines:
        if " socket(" in line:
            descriptor = line.rpartition(" = ")[2]
            (packet.add if "AF_PACKET" in line else packet.discard)(descriptor)
        elif f" {call}(" in line:
            count += 1
            if line.partition("(")[2].partition(",")[0] in packet:
                return count
    raise AssertionError(lines)


@pytest.mark.parametrize(
    ("call", "error"),
    [("openat", "ENOENT"), ("read", "ENOENT"), ("read", "ENODEV"), ("bind", "ENODEV"),
     ("sendto", "ENETDOWN")],
)  # fmt: skip
def test_a_link_that_vanishes_between_two_calls_is_waited_for(
    place: Place, call: str, error: str
) -> None:
    """By strace, the first call that is about the link fails as if the link were gone."""
    add_vips(place.director)
    place.believe(VIP6)
    trace = ["strace", "-f", "-qq", "-o", "/run/trace", "-e", f"trace=socket,{call}"]
    if call in {"openat", "read"}:
        trace += ["-P", "/proc/sys/net/ipv6/conf/eth1/forwarding"]
    announce = ["python3", "-m", "lvsboot", "announce"]
    with place.director.entered():
        subprocess.run([*trace, *announce, VIP6], check=True, capture_output=True)
    place.believe(VIP6)
    lines = Path("/run/trace").read_text(encoding="utf-8").splitlines()
    first = 1 if "-P" in trace else first_on_packet_socket(call, lines)
    inject = ["-e", f"inject={call}:error={error}:when={first}"]
    argv = [*trace, *inject, *announce, "--wait", VIP6]
    with place.director.entered():
        announcing = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    number = 0
    while announcing.poll() is None:
        # Another change, after which it looks again.
        number += 1
        argv = ["ip", "-n", place.director.name, "address", "add", f"198.51.100.{number}/32"]
        subprocess.run([*argv, "dev", "lo"], check=True)
        time.sleep(0.5)
        assert number < 100
    _, said = announcing.communicate()
    assert (announcing.returncode, "Traceback" in said) == (0, False), said
    assert "(INJECTED)" in Path("/run/trace").read_text(encoding="utf-8")
    assert place.neighbour(VIP6) == place.mac()
