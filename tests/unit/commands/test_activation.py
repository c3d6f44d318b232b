"""The exact commands that bring a running host to its role; the boot tier runs them for real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lvsboot.commands import activation
from lvsboot.commands.network import RunningHost
from lvsboot.errors import HostError
from lvsboot.install.files import Change, Found, Remove, Write
from lvsboot.install.tree import File, Link
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.golden import CASES, REPOSITORY, Case

UNITS = "/etc/systemd/system"
SYSCTL = ["/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/90-lvs.conf"]


class Host:
    """Commands that were run; those of the program `missing` fail."""

    def __init__(self, folder: Path) -> None:
        self.ran: list[list[str]] = []
        self.missing = ""
        self.running = RunningHost(run=self.run, runtime=str(folder))

    def run(self, argv: Sequence[str]) -> str:
        self.ran.append(list(argv))
        if argv[0] == self.missing:
            raise HostError(f"{self.missing} is not installed")
        return ""

    def activate(
        self,
        example: str,
        backend: Backend,
        changes: Sequence[Change],
        *,
        block: bool,
        allow_removal: bool = False,
    ) -> None:
        [case] = [case for case in CASES if case == Case(example, backend)]
        role = parse_role((REPOSITORY / "examples" / example).read_bytes(), example).role
        activation.note_changes(changes, {}, self.running)
        activation.activate(
            role, case.render(), block=block, allow_removal=allow_removal, host=self.running
        )


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_director_on_its_first_boot(host: Host) -> None:
    """One restart: it pulls in what lvs.service wants."""
    host.activate("dr/director.yaml", Backend.EXTERNAL, (), block=False, allow_removal=True)
    assert host.ran == [
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "ip_vs", "ip_vs_wlc"],
        SYSCTL,
        ["systemctl", "--no-block", "restart", "lvs.service"],
    ]


def test_a_director_beside_a_boot(host: Host) -> None:
    host.activate("dr/director.yaml", Backend.EXTERNAL, (), block=False)
    assert host.ran == [
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "ip_vs", "ip_vs_wlc"],
        SYSCTL,
        ["systemctl", "--no-block", "reload-or-restart", "lvs.service"],
        [
            *("systemctl", "--no-block", "start"),
            *("lvs-announce.service", "lvs-vip-keep.path", "lvs-vip@172.16.14.1.service"),
        ],
    ]


def test_a_removal_that_is_meant_is_a_restart(host: Host) -> None:
    """A reload would refuse it."""
    host.activate("dr/director.yaml", Backend.EXTERNAL, (), block=True, allow_removal=True)
    assert host.ran[3] == ["systemctl", "restart", "lvs.service"]


def test_a_director_whose_interfaces_changed(host: Host) -> None:
    change = Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.OURS)
    host.activate("nat/director.yaml", Backend.NETWORKD, (change,), block=True)
    assert host.ran[2:] == [
        SYSCTL,
        ["nft", "--check", "--file", "/etc/lvs/lvs.nft"],
        ["systemctl", "reload-or-restart", "lvs-nft.service"],
        ["systemctl", "reload-or-restart", "lvs.service"],
        ["networkctl", "reload"],
        ["systemctl", "start", "lvs-announce.service"],
    ]


def test_a_vip_that_went_or_moved_is_stopped_as_it_was_started(host: Host) -> None:
    changes = (
        Remove(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.9.service", Found.OURS),
        Write(File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", ""), Found.OURS),
    )
    host.activate("dr/rs1.yaml", Backend.NETWORKD, changes, block=True)
    assert host.ran[:2] == [
        ["systemctl", "stop", "lvs-vip@192.0.2.8.service", "lvs-vip@192.0.2.9.service"],
        ["systemctl", "daemon-reload"],
    ]


def test_what_is_new_is_not_stopped(host: Host) -> None:
    """On a host without lvsboot's units systemd does not even know its name, which is an error."""
    changes = (
        Write(File(f"{UNITS}/lvs-vip@.service", ""), Found.NOTHING),
        Write(File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", ""), Found.NOTHING),
        Write(Link(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.8.service", ""), Found.NOTHING),
        Write(File(f"{UNITS}/lvs-sync@.service.d/role.conf", ""), Found.NOTHING),
    )
    host.activate("dr/director.yaml", Backend.EXTERNAL, changes, block=True)
    assert host.ran[0] == ["systemctl", "daemon-reload"]


def test_a_vip_that_leaves_lo_is_stopped_there(host: Host) -> None:
    """A real server becomes a director: its VIPs had no drop-ins."""
    drop_in = File(f"{UNITS}/lvs-vip@192.0.2.8.service.d/device.conf", "")
    host.activate(
        "dr/director.yaml", Backend.EXTERNAL, (Write(drop_in, Found.NOTHING),), block=True
    )
    assert host.ran[0] == ["systemctl", "stop", "lvs-vip@192.0.2.8.service"]


def test_what_a_killed_run_had_to_stop_is_stopped_by_the_next(host: Host) -> None:
    """Its files are written already, so that comparing them shows no change."""
    gone = (Remove(f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.9.service", Found.OURS),)
    activation.note_changes(gone, {}, host.running)
    host.activate("dr/rs1.yaml", Backend.NETWORKD, (), block=True)
    assert host.ran[0] == ["systemctl", "stop", "lvs-vip@192.0.2.9.service"]
    host.ran.clear()
    host.activate("dr/rs1.yaml", Backend.NETWORKD, (), block=True)
    assert host.ran[0] == ["systemctl", "daemon-reload"]


def test_a_tunnel_whose_devices_changed(host: Host) -> None:
    drop_in = File(f"{UNITS}/lvs-tunnel.service.d/devices.conf", "")
    host.activate("tun/rs2.yaml", Backend.NETWORKD, (Write(drop_in, Found.OURS),), block=True)
    assert host.ran == [
        ["systemctl", "stop", "lvs-tunnel.service"],
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "fou", "ipip"],
        SYSCTL,
        ["nft", "--check", "--file", "/etc/lvs/lvs.nft"],
        ["systemctl", "reload-or-restart", "lvs-nft.service"],
        ["systemctl", "reload-or-restart", "lvs.service"],
        ["systemctl", "start", "lvs-arp.path", "lvs-vip-keep.path", "lvs-vip@172.16.14.1.service"],
    ]


def test_a_new_tunnel_is_not_stopped(host: Host) -> None:
    drop_in = File(f"{UNITS}/lvs-tunnel.service.d/devices.conf", "")
    host.activate("tun/rs2.yaml", Backend.NETWORKD, (Write(drop_in, Found.NOTHING),), block=True)
    assert host.ran[0] == ["systemctl", "daemon-reload"]


def test_a_table_that_the_role_no_longer_wants_is_taken_away(host: Host) -> None:
    changes = (
        Remove("/etc/lvs/lvs.nft", Found.OURS),
        Remove(f"{UNITS}/lvs.service.wants/lvs-nft.service", Found.OURS),
        Remove(f"{UNITS}/sysinit.target.wants/lvs-nft.service", Found.OURS),
    )
    host.activate("dr/rs1.yaml", Backend.NETWORKD, changes, block=True)
    assert host.ran[:2] == [
        ["systemctl", "stop", "lvs-nft.service"],
        ["systemctl", "daemon-reload"],
    ]
    assert not any("nft" in word for argv in host.ran[1:] for word in argv)


@pytest.mark.parametrize(
    ("example", "missing", "said"),
    [
        ("tun/rs2.yaml", "modprobe", r"cannot load fou ipip.*CONFIG_NET_FOU"),
        ("fwmark/director.yaml", "nft", r"the nftables table cannot.*Debian's package nftables"),
    ],
)
def test_what_a_host_lacks_is_named(host: Host, example: str, missing: str, said: str) -> None:
    host.missing = missing
    with pytest.raises(HostError, match=said):
        host.activate(example, Backend.NETWORKD, (), block=True)


def test_a_kernel_without_ip_vs(host: Host) -> None:
    host.missing = "modprobe"
    with pytest.raises(HostError, match=r"linux-image-cloud-amd64.*CONFIG_IP_VS"):
        host.activate("dr/director.yaml", Backend.NETWORKD, (), block=True)


def test_other_vips_are_announced_too(host: Host) -> None:
    """The unit is active: without a stop it would not be started again."""
    drop_in = File(f"{UNITS}/lvs-announce.service.d/vips.conf", "")
    host.activate("dr/director.yaml", Backend.NETWORKD, (Write(drop_in, Found.OURS),), block=True)
    assert host.ran[0] == ["systemctl", "stop", "lvs-announce.service"]
    assert host.ran[-1] == ["systemctl", "start", "lvs-announce.service"]


def test_sync_daemons_with_other_options_are_stopped_and_started(host: Host) -> None:
    changes = (
        Write(File(f"{UNITS}/lvs-sync@.service.d/role.conf", ""), Found.OURS),
        Remove(f"{UNITS}/lvs.service.wants/lvs-sync@backup.service", Found.OURS),
    )
    host.activate("dr/director.yaml", Backend.EXTERNAL, changes, block=True)
    assert host.ran[0] == [
        "systemctl",
        "stop",
        "lvs-sync@backup.service",
        "lvs-sync@master.service",
    ]
