"""The commands and changes that bring a running network to new files; the boot tier runs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lvsboot.commands import network
from lvsboot.errors import HostError
from lvsboot.install.files import Change, Found, Remove, Write
from lvsboot.install.tree import Entry, File, Tree
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import RoleFile, parse_role

ROLE = """\
version: 1
network: {interfaces: {eth0: {addresses: [192.0.2.10/24], mtu: 1500}}}
director:
  method: dr
  vips: [{address: 192.0.2.1, interface: eth0}]
  services: []
"""
OURS = "/etc/network/interfaces.d/lvs"
OUTSIDE = "systemd-run --quiet --wait --pipe --collect --property=KillMode=process "
CLOUD_INITS = "/etc/network/interfaces.d/50-cloud-init"


class Host:
    """Commands and changes that were made; `refused` are the first words of those that fail."""

    def __init__(self, folder: Path) -> None:
        self.ran: list[str] = []
        self.refused: set[str] = set()
        links = folder / "links"
        for name in ("eth0", "lo"):
            (links / name).mkdir(parents=True)
        self.running = network.RunningHost(
            run=self.run,
            set_mtu=lambda name, mtu: self.ran.append(f"mtu {name} {mtu}"),
            flush_global_addresses=lambda name: self.ran.append(f"flush {name}"),
            links=links,
            runtime=str(folder),
        )
        self.former = folder / "interfaces.before"

    def run(self, argv: Sequence[str]) -> str:
        command = " ".join(argv).removeprefix(OUTSIDE)
        is_changing = argv[-1] == "eth0" and "--no-act" not in argv
        assert not (argv[0] in {"ifup", "ifdown"} and is_changing), "not in a unit of its own"
        self.ran.append(command)
        if command in self.refused:
            self.refused.remove(command)
            raise HostError(f"`{command}` failed")
        return ""

    def activate(
        self,
        backend: Backend,
        changes: Sequence[Change],
        before: dict[str, str],
        text: str = ROLE,
        *,
        before_network: bool = False,
    ) -> tuple[str, ...]:
        role_file, tree = role_and_tree(text, backend)
        entries: dict[str, Entry | None] = {path: File(path, it) for path, it in before.items()}
        network.note_network(changes, entries, self.running)
        return network.activate_network(
            role_file.role,
            tree,
            block=not before_network,
            before_network=before_network,
            host=self.running,
        )


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def role_and_tree(text: str, backend: Backend) -> tuple[RoleFile, Tree]:
    role_file = parse_role(text.encode(), "role.yaml")
    return role_file, render_host(role_file.role, text, backend)


def interfaces(text: str = ROLE) -> str:
    _role, tree = role_and_tree(text, Backend.IFUPDOWN)
    [found] = [it.text for it in tree if isinstance(it, File) and it.path == OURS]
    return found


WRITTEN = Write(File(OURS, ""), Found.OURS)


def test_networkd_reloads_what_changed(host: Host) -> None:
    change = Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.NOTHING)
    assert host.activate(Backend.NETWORKD, [change], {}) == ()
    assert host.ran == ["networkctl reload"]


def test_networkd_that_does_not_run_is_started(host: Host) -> None:
    host.refused = {"networkctl reload"}
    change = Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.NOTHING)
    host.activate(Backend.NETWORKD, [change], {})
    assert host.ran == ["networkctl reload", "systemctl restart systemd-networkd.service"]


def test_netplan_makes_networkds_files_first(host: Host) -> None:
    host.activate(Backend.NETPLAN, [Write(File("/etc/netplan/90-lvs.yaml", ""), Found.NOTHING)], {})
    assert host.ran == ["netplan generate", "networkctl reload"]


@pytest.mark.parametrize(
    ("backend", "path", "unit"),
    [
        (Backend.NETWORKD, "/etc/systemd/network/05-lvs-eth0.network", "systemd-networkd"),
        (Backend.NETPLAN, "/etc/netplan/90-lvs.yaml", "systemd-networkd"),
        (Backend.IFUPDOWN, OURS, "networking"),
    ],
)
def test_before_the_network_it_is_only_started(
    host: Host, backend: Backend, path: str, unit: str
) -> None:
    """Its tools need NICs, or a D-Bus that is not there yet."""
    host.activate(backend, [Write(File(path, ""), Found.NOTHING)], {}, before_network=True)
    assert host.ran == [f"systemctl --no-block start {unit}.service"]
    host.activate(backend, [], {})
    assert len(host.ran) == 1


def test_a_nic_that_ifupdown_takes_over_is_flushed_first(host: Host) -> None:
    host.refused = {"networkctl reload"}  # it is not in use any more, and does not run
    gone = Remove("/etc/systemd/network/05-lvs-eth0.network", Found.OURS)
    host.activate(Backend.IFUPDOWN, [WRITTEN, gone], {})
    assert host.ran == [
        "ifup --no-act --force eth0",
        "flush eth0",
        "ifup eth0",
        "networkctl reload",
    ]


def test_a_nic_goes_down_by_what_brought_it_up(host: Host) -> None:
    former = "auto eth0\niface eth0 inet dhcp\n"
    aside = Remove(CLOUD_INITS, Found.UNMANAGED)
    host.activate(Backend.IFUPDOWN, [WRITTEN, aside], {CLOUD_INITS: former})
    assert host.former.read_text() == former
    assert host.ran == [
        "ifup --no-act --force eth0",
        f"ifdown --force --interfaces {host.former} eth0",
        "flush eth0",
        "ifup eth0",
    ]


def test_what_ifup_cannot_do_leaves_the_former_state_up(host: Host) -> None:
    host.refused = {"ifup eth0"}
    with pytest.raises(HostError, match="eth0 is up again as it was before"):
        host.activate(Backend.IFUPDOWN, [WRITTEN], {OURS: interfaces().replace("1500", "1400")})
    assert host.ran[-3:] == [
        "ifup eth0",
        "ifdown --force eth0",
        f"ifup --force --interfaces {host.former} eth0",
    ]


def test_what_ifup_cannot_read_takes_nothing_down(host: Host) -> None:
    host.refused = {"ifup --no-act --force eth0"}
    with pytest.raises(HostError):
        host.activate(Backend.IFUPDOWN, [WRITTEN], {OURS: interfaces().replace("1500", "1400")})
    assert host.ran == ["ifup --no-act --force eth0"]


FILES = {
    Backend.IFUPDOWN: OURS,
    Backend.NETWORKD: "/etc/systemd/network/05-lvs-eth0.network",
    Backend.NETPLAN: "/etc/netplan/90-lvs.yaml",
}
RESET = "mtu eth0 1500"


@pytest.mark.parametrize("after", FILES)
@pytest.mark.parametrize("before", FILES)
def test_an_mtu_that_the_role_no_longer_has_goes(
    host: Host, before: Backend, after: Backend
) -> None:
    """No backend resets an MTU that its files no longer name."""
    [former] = [it for it in role_and_tree(ROLE, before)[1] if it.path == FILES[before]]
    assert isinstance(former, File)
    changes: list[Change] = [Write(File(FILES[after], ""), Found.OURS)]
    if after is not before:
        changes.append(Remove(FILES[before], Found.OURS))
    host.activate(after, changes, {FILES[before]: former.text})
    assert RESET not in host.ran
    host.ran.clear()
    host.activate(after, changes, {FILES[before]: former.text}, ROLE.replace(", mtu: 1500", ""))
    assert host.ran[0] == RESET


def test_a_netplan_file_that_somebody_broke_names_no_mtu(host: Host) -> None:
    for text in ("{", "", "network: {ethernets: {eth0: 1}}", "network: []"):
        change = Write(File(FILES[Backend.NETPLAN], ""), Found.EDITED)
        host.activate(Backend.NETPLAN, [change], {change.path: text})
    assert RESET not in host.ran


def test_a_vip_more_or_less_takes_no_nic_down(host: Host) -> None:
    before = interfaces(ROLE.replace("192.0.2.1,", "192.0.2.9,"))
    host.activate(Backend.IFUPDOWN, [WRITTEN], {OURS: before})
    assert host.ran[1:] == [
        "ip address replace 192.0.2.1/32 dev eth0 label eth0:0",
        "ip address flush dev eth0 to 192.0.2.9/32",
    ]


def test_a_nic_that_leaves_ifupdown(host: Host) -> None:
    changes: list[Change] = [
        Remove(OURS, Found.OURS),
        Write(File("/etc/systemd/network/05-lvs-eth0.network", ""), Found.NOTHING),
    ]
    host.activate(Backend.NETWORKD, changes, {OURS: interfaces()})
    assert host.ran == [
        f"ifdown --force --interfaces {host.former} eth0",
        "networkctl reload",
    ]


def test_a_name_that_no_nic_has_yet_waits_for_the_next_boot(host: Host) -> None:
    text = ROLE.replace("eth0", "lan0").replace("mtu: 1500", 'mac: "52:54:00:00:00:01"')
    [sentence] = host.activate(Backend.IFUPDOWN, [WRITTEN], {}, text)
    assert "the NIC with 52:54:00:00:00:01 is renamed at the next boot" in sentence
    assert host.ran == []


def test_what_did_not_get_to_its_end_is_done_by_the_next_run(host: Host) -> None:
    """Its files are written already, so that comparing them shows no change."""
    before = {OURS: interfaces().replace("1500", "1400")}
    host.refused = {"ifup eth0"}
    with pytest.raises(HostError):
        host.activate(Backend.IFUPDOWN, [WRITTEN], before)
    host.ran.clear()
    host.activate(Backend.IFUPDOWN, [], {})
    assert host.ran[1:] == [
        f"ifdown --force --interfaces {host.former} eth0",
        "flush eth0",
        "ifup eth0",
    ]
    assert host.former.read_text() == before[OURS]
    host.ran.clear()
    host.activate(Backend.IFUPDOWN, [], {})
    assert host.ran == []


def test_ifup_makes_a_vlan_that_is_not_there_yet(host: Host) -> None:
    """It has no addresses to flush; a VLAN whose link is missing is left to the next boot."""
    vlans = "eth0.5: {addresses: [10.5.0.1/24]}, eth1.6: {addresses: [10.6.0.1/24]}, eth0: {"
    text = ROLE.replace("eth0: {", vlans, 1)
    host.activate(Backend.IFUPDOWN, [WRITTEN], {}, text)
    assert [it for it in host.ran if "eth0.5" in it] == [
        "ifup --no-act --force eth0.5 eth0",
        "ifup eth0.5",
    ]
    assert not any("eth1" in it for it in host.ran)


def test_where_nothing_can_be_kept_nothing_is_begun(tmp_path: Path) -> None:
    """/run is full, or is no folder: an error before any file is changed."""
    (tmp_path / "file").touch()
    running = network.RunningHost(runtime=str(tmp_path / "file"))
    changes = (Write(File(OURS, ""), Found.OURS),)
    with pytest.raises(HostError, match=r"cannot (read|write) .*network\.json: Not a directory"):
        network.note_network(changes, {}, running)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"with_mtu": 1}',
        '{"brought_back": null}',
        '{"interfaces": []}',
        "[" * 9999,
    ],
)
def test_what_is_still_to_be_done_is_ours_or_refused(host: Host, text: str) -> None:
    Path(host.running.pending).write_text(text, encoding="utf-8")
    role_file, tree = role_and_tree(ROLE, Backend.IFUPDOWN)
    with pytest.raises(HostError, match="remove it, apply again"):
        network.activate_network(role_file.role, tree, block=True, host=host.running)
    assert host.ran == []
