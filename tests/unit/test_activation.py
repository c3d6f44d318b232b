"""The exact commands that bring a running host to its role; the boot tier runs them for real."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lvsboot.commands import activation
from lvsboot.errors import HostError
from lvsboot.files import Change, Found, Remove, Write
from lvsboot.model import Backend
from lvsboot.role import parse_role
from lvsboot.tree import File
from tests.golden import CASES, REPOSITORY, Case

UNITS = "/etc/systemd/system"
SYSCTL = ["/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/90-lvs.conf"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []

    def run(argv: Sequence[str]) -> str:
        commands.append(list(argv))
        return ""

    monkeypatch.setattr(activation, "run", run)
    return commands


def activate(example: str, backend: Backend, changes: Sequence[Change], *, block: bool) -> None:
    [case] = [case for case in CASES if case == Case(example, backend)]
    role = parse_role((REPOSITORY / "examples" / example).read_bytes(), example).role
    activation.activate(role, case.render(), changes, block=block)


def test_a_director_on_its_first_boot(ran: list[list[str]]) -> None:
    activate("dr/director.yaml", Backend.EXTERNAL, (), block=False)
    assert ran == [
        ["systemctl", "daemon-reload"],
        ["modprobe", "--all", "ip_vs", "ip_vs_wlc"],
        SYSCTL,
        ["systemctl", "--no-block", "reload-or-restart", "lvs.service"],
        ["systemctl", "--no-block", "start", "lvs-vip@172.16.14.1.service"],
    ]


def test_a_director_whose_interfaces_changed(ran: list[list[str]]) -> None:
    change = Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.OURS)
    activate("nat/director.yaml", Backend.NETWORKD, (change,), block=True)
    assert ran[2:] == [
        SYSCTL,
        ["networkctl", "reload"],
        ["systemctl", "reload-or-restart", "lvs.service"],
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


def test_a_kernel_without_ip_vs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: Sequence[str]) -> str:
        if argv[0] == "modprobe":
            raise HostError("Module ip_vs not found")
        return ""

    monkeypatch.setattr(activation, "run", run)
    with pytest.raises(HostError, match=r"linux-image-cloud-amd64.*CONFIG_IP_VS"):
        activate("dr/director.yaml", Backend.NETWORKD, (), block=True)
