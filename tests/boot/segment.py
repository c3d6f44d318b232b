"""Watches an Ethernet segment with tcpdump from one of its hosts, and reads what was seen."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from lab.vm import VM

# tcpdump -n -e -tt: time, source > destination, ethertype NAME (0x...), length N: the rest.
_FRAME = re.compile(
    r"^(?P<time>\d+\.\d+) (?P<source>[0-9a-f:]{17}) > (?P<destination>[0-9a-f:]{17}), "
    r"ethertype \w+ \(0x[0-9a-f]{4}\), length \d+: (?P<text>.*)$"
)
_FLOW = re.compile(r"^(?P<source>[\d.]+)\.(?P<sport>\d+) > (?P<target>[\d.]+)\.(?P<dport>\d+): ")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: seconds, hardware addresses, and tcpdump's words for what is in it."""

    time: float
    source: str
    destination: str
    text: str

    @property
    def flow(self) -> tuple[str, int, str, int] | None:
        """Source and destination, address and port, where it is TCP over IPv4."""
        found = _FLOW.match(self.text)
        if found is None:
            return None
        return found["source"], int(found["sport"]), found["target"], int(found["dport"])


@dataclass(slots=True)
class Watch:
    """What a watch saw: filled when it ends."""

    frames: list[Frame] = field(default_factory=list)

    def answers_for(self, address: str) -> list[Frame]:
        """Every frame that announces or answers for the address."""
        says = re.compile(
            rf"Reply {re.escape(address)} is-at|(who-has|Announcement) {re.escape(address)} "
            rf"tell {re.escape(address)}[, ]|Announcement {re.escape(address)}[, ]"
        )
        return [frame for frame in self.frames if says.search(frame.text)]

    def questions_for(self, address: str) -> list[Frame]:
        asks = re.compile(rf"Request who-has {re.escape(address)} .*tell ")
        return [frame for frame in self.frames if asks.search(frame.text)]


@contextmanager
def watch(vm: VM, expression: str) -> Iterator[Watch]:
    """Capture what passes eth0's segment, other hosts' frames too, while the block runs."""
    seen = Watch()
    # Headers are enough, and the kernel's ring has a slot of this size for each frame.
    dump = f"tcpdump -i eth0 -n -s 128 -B 8192 --immediate-mode -w /tmp/watch.pcap {expression!r}"
    vm.run(f"systemd-run --quiet --unit=lab-watch -p StandardError=truncate:/tmp/watch.log {dump}")
    vm.run(
        "for i in $(seq 100); do grep -q listening /tmp/watch.log && exit; sleep 0.1; done; exit 1"
    )
    yield seen
    time.sleep(0.5)
    vm.run("systemctl stop lab-watch")
    report = vm.run("cat /tmp/watch.log")
    assert "\n0 packets dropped by kernel" in report, report
    # Without -n tcpdump would ask for names; -tt gives seconds.
    text = vm.run("tcpdump -r /tmp/watch.pcap -n -e -tt 2>/dev/null")
    frames = (_FRAME.match(line) for line in text.splitlines())
    seen.frames.extend(
        Frame(float(found["time"]), found["source"], found["destination"], found["text"])
        for found in frames
        if found
    )


@contextmanager
def asking(vm: VM, address: str) -> Iterator[None]:
    """Ask the segment who has the address, some 50 times a second, while the block runs."""
    unit = "systemd-run --quiet --unit=lab-ask -p StandardOutput=null"
    vm.run(f"{unit} arping -i eth0 -W 0.02 {address}")
    yield
    vm.run("systemctl stop lab-ask")


def assert_asked_throughout(seen: Watch, address: str) -> None:
    """No answer proves something only if requests were sent, often, all the time."""
    times = [frame.time for frame in seen.questions_for(address)]
    assert len(times) >= 20 * (times[-1] - times[0])
    assert max(later - earlier for earlier, later in pairwise(times)) < 1.0
