"""What the kernel refuses, and our parser does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.commands import service
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.errors import KernelRefusedError
from lvsboot.ipvs import channel
from lvsboot.ipvs.changes import AddDestination
from lvsboot.ipvs.kernel import open_kernel
from lvsboot.ipvs.table import Destination, DestinationKey, FirewallMark
from tests.kernel.hosts import CLEAR, Host

BROADCAST = b"\xff" * 4
SERVER = b"\xac\x10\0\1"
WEB = Destination()
LIVE = (
    "-A -t 10.0.0.1:80 -s wlc\n"
    "-a -t 10.0.0.1:80 -r 172.16.0.1:80 -g -w 3 -x 7 -y 2\n"
    "-A -f 9 -s sh\n"
)
GOOD = [
    f"-A -f {mark} -s rr\n-a -f {mark} -r 172.16.0.{mark % 250 + 1}:0 -g -w 1\n"
    for mark in range(10, 410)
]
BAD = {
    "a broadcast destination": (
        "-A -f 1 -s rr\n-a -f 1 -r 255.255.255.255:0 -g -w 1\n",
        1,
        "add -f 1 -r 255.255.255.255:0 -g -w 1: not an address",
        "(EINVAL)",
    ),
    "an absent scheduler": (
        "-A -f 1 -s absent\n-a -f 1 -r 172.16.0.1:0 -g -w 1\n",
        0,
        "add -f 1 -s absent: no scheduler 'absent' (module ip_vs_absent)",
        "(ENOENT)",
    ),
    "an absent scheduler of a changed service": (
        "-A -f 9 -s absent\n",
        0,
        "change -f 9 -s absent: no scheduler",
        "(ENOENT)",
    ),
}


def load(host: Host, text: str, verb: str = "reload") -> None:
    folder = Path("/run/lvs-test")
    folder.mkdir(exist_ok=True)
    (folder / "rules").write_text(text, encoding="utf-8")
    with host.entered():
        getattr(service, verb)(
            rules=str(folder / "rules"),
            places=StatePaths(*(str(folder / name) for name in StatePaths._fields)),
        )


@pytest.mark.parametrize("place", [0, 200, 400], ids=["first", "middle", "last"])
@pytest.mark.parametrize("case", BAD)
def test_a_refusal_leaves_a_live_table_as_it_was(host: Host, case: str, place: int) -> None:
    host.restore(LIVE)
    before = host.state()
    text, line, said, errno = BAD[case]
    rules = [*GOOD[:place], text, *GOOD[place:]]
    with pytest.raises(KernelRefusedError) as caught:
        load(host, "".join(rules))
    number = "".join(rules[:place]).count("\n") + 1 + line
    assert f"rules:{number}: {said}" in str(caught.value)
    assert errno in str(caught.value)
    assert "Nothing has changed" in str(caught.value)
    assert host.state() == before


def test_into_an_empty_table_goes_what_ipvsadm_would_load(
    hosts: dict[str, Host], host: Host
) -> None:
    text = "".join(GOOD[:20]) + (
        "-A -f 1 -s rr\n-a -f 1 -r 172.16.0.1\n-a -f 1 -r 255.255.255.255\n"
        "-A -f 2 -s absent\n-a -f 2 -r 172.16.0.1\n"
        "-A -f 3 -s mh\n-a -f 3 -r 172.16.0.1\n-a -f 3 -r 224.0.0.1\n"
    )
    oracle = hosts["ipvsadm"]
    oracle.restore(CLEAR + text)
    with pytest.raises(KernelRefusedError, match="All other rules are loaded"):
        load(host, text, "start")
    assert host.state() == oracle.state()


def test_replies_that_are_lost_are_found_out(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receive buffer that holds a few refusals only: the kernel says ENOBUFS for the rest."""
    monkeypatch.setattr(channel, "_RECEIVE_BUFFER", 1)
    mark = FirewallMark(9)
    host.restore("-A -f 9 -s rr\n")
    bad = [AddDestination(mark, DestinationKey(BROADCAST, port), WEB) for port in range(200)]
    good = [AddDestination(mark, DestinationKey(SERVER, port), WEB) for port in range(10)]
    with host.entered(), open_kernel() as kernel:
        outcome = kernel.execute([*bad, *good], stop_when_refused=False)
        assert outcome.applied == tuple(good)
        assert [refusal.change for refusal in outcome.refused] == bad
        assert {refusal.number for refusal in outcome.refused} == {0}
        pool = kernel.read_table().services[mark].destinations
    assert pool.keys() == {change.key for change in good}


def test_the_engine_is_for_root(host: Host) -> None:
    done = host.lvsboot("status", user=65534)
    assert done.returncode == 77
    assert "CAP_NET_ADMIN" in done.stderr
