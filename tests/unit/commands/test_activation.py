"""The exact commands that bring a running host to its role; the boot tier runs them for real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lvsboot.commands import activation, network
from lvsboot.errors import HostError
from lvsboot.install.files import Change, Found, Remove, Write
from lvsboot.install.tree import File, Link
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.golden import CASES, REPOSITORY, Case

UNITS = "/etc/systemd/system"
SYSCTL = ["/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/90-lvs.conf"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(argv: Sequence[str]) -> str:
        commands.append(list(argv))
        return ""

    monkeypatch.setattr(activation, "run", run)
    monkeypatch.setattr(network, "run", run)
    monkeypatch.setattr(network, "_PENDING", str(tmp_path / "pending"))
    monkeypatch.setattr(activation, "_MOVED", str(tmp_path / "moved"))
    return commands


def activate(example: str, backend: Backend, changes: Sequence[Change], *, block: bool) -> None:
    [case] = [case for case in CASES if case == Case(example, backend)]
    role = parse_role((REPOSITORY / "examples" / example).read_bytes(), example).role
    activation.note_changes(changes, {})
    activation.activate(role, case.render(), block=block)


def test_a_director_on_its_first_boot(ran: list[list[str]]) -> None:
    activate("dr/director.yaml", Backend.EXTERNAL, (), block=False)
    assert ran == [
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "ip_vs", "ip_vs_wlc"],
        SYSCTL,
        ["systemctl", "--no-block", "reload-or-restart", "lvs.service"],
        [
            *("systemctl", "--no-block", "start"),
            *("lvs-announce.service", "lvs-vip-keep.path", "lvs-vip@172.16.14.1.service"),
        ],
    ]


def test_a_director_whose_interfaces_changed(ran: list[list[str]]) -> None:
    change = Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.OURS)
    activate("nat/director.yaml", Backend.NETWORKD, (change,), block=True)
    assert ran[2:] == [
        SYSCTL,
        ["nft", "--check", "--file", "/etc/lvs/lvs.nft"],
        ["systemctl", "reload-or-restart", "lvs-nft.service"],
        ["systemctl", "reload-or-restart", "lvs.service"],
        ["networkctl", "reload"],
        ["systemctl", "start", "lvs-announce.service"],
    ]


def test_a_vip_that_went_or_moved_is_stopped_as_it_was_started(ran: list[list[str]]) -> None:
    changes = (
        Remove(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.9.service", Found.OURS),
        Write(File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", ""), Found.OURS),
    )
    activate("dr/rs1.yaml", Backend.NETWORKD, changes, block=True)
    assert ran[:2] == [
        ["systemctl", "stop", "lvs-vip@192.0.2.8.service", "lvs-vip@192.0.2.9.service"],
        ["systemctl", "daemon-reload"],
    ]


def test_what_is_new_is_not_stopped(ran: list[list[str]]) -> None:
    """On a host without lvsboot's units systemd does not even know its name, which is an error."""
    changes = (
        Write(File(f"{UNITS}/lvs-vip@.service", ""), Found.NOTHING),
        Write(File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", ""), Found.NOTHING),
        Write(Link(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.8.service", ""), Found.NOTHING),
        Write(File(f"{UNITS}/lvs-sync@.service.d/role.conf", ""), Found.NOTHING),
    )
    activate("dr/director.yaml", Backend.EXTERNAL, changes, block=True)
    assert ran[0] == ["systemctl", "daemon-reload"]


def test_a_vip_that_leaves_lo_is_stopped_there(ran: list[list[str]]) -> None:
    """A real server that becomes a director: its VIPs have had no drop-in of their own."""
    drop_in = File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", "")
    activate("dr/director.yaml", Backend.EXTERNAL, (Write(drop_in, Found.NOTHING),), block=True)
    assert ran[0] == ["systemctl", "stop", "lvs-vip@192.0.2.8.service"]


def test_what_a_killed_run_had_to_stop_is_stopped_by_the_next(
    ran: list[list[str]],
) -> None:
    """Its files are written: by them alone there is nothing to do."""
    gone = (Remove(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.9.service", Found.OURS),)
    activation.note_changes(gone, {})
    activate("dr/rs1.yaml", Backend.NETWORKD, (), block=True)
    assert ran[0] == ["systemctl", "stop", "lvs-vip@192.0.2.9.service"]
    ran.clear()
    activate("dr/rs1.yaml", Backend.NETWORKD, (), block=True)
    assert ran[0] == ["systemctl", "daemon-reload"]


def test_a_tunnel_whose_devices_changed(ran: list[list[str]]) -> None:
    drop_in = File(f"{UNITS}/lvs-tunnel.service.d/devices.conf", "")
    activate("tun/rs2.yaml", Backend.NETWORKD, (Write(drop_in, Found.OURS),), block=True)
    assert ran == [
        ["systemctl", "stop", "lvs-tunnel.service"],
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "fou", "ipip"],
        SYSCTL,
        ["nft", "--check", "--file", "/etc/lvs/lvs.nft"],
        ["systemctl", "reload-or-restart", "lvs-nft.service"],
        ["systemctl", "reload-or-restart", "lvs.service"],
        ["systemctl", "start", "lvs-arp.path", "lvs-vip-keep.path", "lvs-vip@172.16.14.1.service"],
    ]


def test_a_new_tunnel_is_not_stopped(ran: list[list[str]]) -> None:
    drop_in = File(f"{UNITS}/lvs-tunnel.service.d/devices.conf", "")
    activate("tun/rs2.yaml", Backend.NETWORKD, (Write(drop_in, Found.NOTHING),), block=True)
    assert ran[0] == ["systemctl", "daemon-reload"]


def test_a_table_that_the_role_no_longer_wants_is_taken_away(ran: list[list[str]]) -> None:
    changes = (
        Remove("/etc/lvs/lvs.nft", Found.OURS),
        Remove(f"{UNITS}/lvs.service.wants/lvs-nft.service", Found.OURS),
        Remove(f"{UNITS}/sysinit.target.wants/lvs-nft.service", Found.OURS),
    )
    activate("dr/rs1.yaml", Backend.NETWORKD, changes, block=True)
    assert ran[:2] == [["systemctl", "stop", "lvs-nft.service"], ["systemctl", "daemon-reload"]]
    assert not any("nft" in word for argv in ran[1:] for word in argv)


@pytest.mark.parametrize(
    ("example", "missing", "said"),
    [
        ("tun/rs2.yaml", "modprobe", r"cannot load fou ipip.*CONFIG_NET_FOU"),
        ("fwmark/director.yaml", "nft", r"the nftables table cannot.*Debian's package nftables"),
    ],
)
def test_what_a_host_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, example: str, missing: str, said: str
) -> None:
    def run(argv: Sequence[str]) -> str:
        if argv[0] == missing:
            raise HostError(f"{missing} is not installed")
        return ""

    monkeypatch.setattr(activation, "run", run)
    with pytest.raises(HostError, match=said):
        activate(example, Backend.NETWORKD, (), block=True)


def test_a_kernel_without_ip_vs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: Sequence[str]) -> str:
        if argv[0] == "modprobe":
            raise HostError("Module ip_vs not found")
        return ""

    monkeypatch.setattr(activation, "run", run)
    with pytest.raises(HostError, match=r"linux-image-cloud-amd64.*CONFIG_IP_VS"):
        activate("dr/director.yaml", Backend.NETWORKD, (), block=True)


def test_other_vips_are_announced_too(ran: list[list[str]]) -> None:
    """The unit has told of those that it had, and would not be started again."""
    drop_in = File(f"{UNITS}/lvs-announce.service.d/vips.conf", "")
    activate("dr/director.yaml", Backend.NETWORKD, (Write(drop_in, Found.OURS),), block=True)
    assert ran[0] == ["systemctl", "stop", "lvs-announce.service"]
    assert ran[-1] == ["systemctl", "start", "lvs-announce.service"]


def test_sync_daemons_with_other_options_are_stopped_and_started(ran: list[list[str]]) -> None:
    changes = (
        Write(File(f"{UNITS}/lvs-sync@.service.d/role.conf", ""), Found.OURS),
        Remove(f"{UNITS}/lvs.service.wants/lvs-sync@backup.service", Found.OURS),
    )
    activate("dr/director.yaml", Backend.EXTERNAL, changes, block=True)
    assert ran[0] == ["systemctl", "stop", "lvs-sync@backup.service", "lvs-sync@master.service"]
