"""How long a wait for the last connection lasts."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from lvsboot.commands import idle
from lvsboot.commands.idle import Busy, wait_until_idle
from lvsboot.errors import HostError
from lvsboot.ipvs import netlink
from lvsboot.ipvs.encode import encode_destination
from lvsboot.ipvs.netlink import Attributes
from lvsboot.ipvs.numbers import AF, Dest
from lvsboot.ipvs.table import Destination, DestinationKey, Family, Protocol, VirtualAddress
from tests.unit.commands.host import Host, drain, rules, start, undrain

VIP = VirtualAddress(Protocol.TCP, bytes((192, 0, 2, 1)), 80)
RIP = DestinationKey(bytes((10, 0, 0, 1)), 80)
RULES = "-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"


class BusyKernel:
    """Shows the next counts at each look: active, inactive, persistent."""

    def __init__(self, *counts: tuple[int, int, int]) -> None:
        self.counts = [*counts]
        self.looks = 0

    def __enter__(self) -> BusyKernel:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def dump_pool(self, key: VirtualAddress) -> list[Attributes]:
        assert key == VIP
        counts = self.counts[min(self.looks, len(self.counts) - 1)]
        self.looks += 1
        kinds = (Dest.ACTIVE_CONNS, Dest.INACT_CONNS, Dest.PERSIST_CONNS)
        numbers = zip(kinds, counts, strict=True)
        statistics = b"".join(netlink.attribute(kind, bytes(8)) for kind in range(1, 11))
        body = encode_destination(RIP, Destination()) + b"".join(
            (
                netlink.u16(Dest.ADDR_FAMILY, AF[Family.IPV4]),
                netlink.nested(Dest.STATS64, statistics),
                *(netlink.u32(kind, number) for kind, number in numbers),
            )
        )
        return [Attributes(netlink.split_attributes(body))]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr(idle, "_POLL_SECONDS", 0.001)
    host = Host(tmp_path)
    host.kernel.table = rules(RULES)
    host.write(rules=RULES)
    start(host)
    drain(host, "10.0.0.1")
    return host


def wait(host: Host, kernel: BusyKernel, seconds: float) -> tuple[Busy, ...]:
    connect = cast("idle.Connect", lambda: kernel)
    return wait_until_idle([(VIP, RIP)], seconds, places=host.places, connect=connect)


@pytest.mark.parametrize("last", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_it_ends_with_the_last_connection_of_any_kind(
    host: Host, last: tuple[int, int, int]
) -> None:
    kernel = BusyKernel((1, 1, 1), last, last, (0, 0, 0))
    assert wait(host, kernel, 60) == ()
    assert kernel.looks == 4


def test_what_is_left_is_said(host: Host) -> None:
    assert wait(host, BusyKernel((3, 0, 1)), 0.05) == (Busy(VIP, RIP, 3, 0, 1),)


def test_a_wait_of_no_time_looks_once(host: Host) -> None:
    kernel = BusyKernel((1, 0, 0))
    assert len(wait(host, kernel, 0)) == 1
    assert kernel.looks == 1


def test_a_drain_that_is_taken_back_ends_it(host: Host) -> None:
    undrain(host, "10.0.0.1")
    with pytest.raises(HostError, match="no longer drained"):
        wait(host, BusyKernel((1, 0, 0)), 60)
