"""A director's policies, VIPs and sync daemons as drop-ins and links."""

from __future__ import annotations

import json
import shlex
import string
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.install.tree import File, Link
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Daemon, DaemonRole
from lvsboot.render.director import escape_unit_name
from lvsboot.render.host import render_host
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role

UNITS = "/etc/systemd/system"
SYNC = f"{UNITS}/lvs-sync@.service"
ROLE = """\
version: 1
network: {interfaces: {lan0: {addresses: [192.0.2.10/24]}, sync-0: {addresses: [10.0.0.1/24]}}}
director:
  method: dr
  vips:
    - {address: 192.0.2.1, interface: lan0}
    - {address: 192.0.2.2, interface: lo}
    - {address: 192.0.2.3, interface: lan0, owner: external}
  services: [{vip: 192.0.2.1, port: 80, real_servers: [{address: 192.0.2.11}]}]
"""


def render(keys: str) -> dict[str, str]:
    """Each file's text and each link's target, by path."""
    role = parse_role(f"{ROLE}{keys}".encode(), "role.yaml").role
    tree = render_host(role, "", Backend.NETWORKD)
    return {
        entry.path: entry.text if isinstance(entry, File) else f"-> {entry.target}"
        for entry in tree
        if isinstance(entry, File | Link)
    }


def daemon(text: str) -> Daemon | None:
    """The daemon that ipvsadm would start with a drop-in's options."""
    [options] = [
        line.split("OPTIONS=")[1].rstrip('"') for line in text.splitlines() if "OPTIONS=" in line
    ]
    rules = f"--start-daemon master {options}\n"
    table = parse_rules(rules, file="options", port_of=lambda _name, _protocol: None)
    return table.daemons[DaemonRole.MASTER]


def test_defaults_add_no_drop_in() -> None:
    tree = render("  foreign_services: keep\n  weights: declared\n  vip_on_stop: keep\n")
    assert not any(
        "director.conf" in path or "lvs-sync@." in path.removeprefix(SYNC) for path in tree
    )


def test_policies_reach_start_and_reload() -> None:
    tree = render("  foreign_services: remove\n  weights: keep\n")
    text = tree[f"{UNITS}/lvs.service.d/director.conf"]
    assert text.splitlines()[1:] == [
        "[Service]",
        'Environment="OPTIONS=--foreign remove --weights keep"',
    ]
    unit = tree[f"{UNITS}/lvs.service"]
    assert "\nExecStart=lvsboot start $OPTIONS\nExecReload=lvsboot reload $OPTIONS\n" in unit


def test_vips_of_ours_are_announced_where_neighbours_ask_for_them() -> None:
    """Not one on lo, nor one that another program moves."""
    tree = render("")
    text = tree[f"{UNITS}/lvs-announce.service.d/vips.conf"]
    assert text.endswith('[Service]\nEnvironment="VIPS=192.0.2.1"\n')
    assert f"{UNITS}/lvs.service.wants/lvs-announce.service" in tree
    assert "ExecStart=lvsboot announce --wait $VIPS\n" in tree[f"{UNITS}/lvs-announce.service"]


def test_a_stop_takes_away_vips_of_ours_before_the_rules() -> None:
    tree = render("  vip_on_stop: remove\n")
    units = "lvs-vip@192.0.2.1.service lvs-vip@192.0.2.2.service lvs-announce.service"
    drop_in = tree[f"{UNITS}/lvs.service.d/director.conf"]
    assert drop_in.endswith(f'\nEnvironment="STOP_UNITS={units}"\n')
    stop = tree[f"{UNITS}/lvs.service"].split("ExecStop=")[1]
    assert "systemctl stop $$STOP_UNITS || exit; exec $$STOP_COMMAND;;" in stop
    # A VIP in a backend's file has an instance as well, which the stop can stop.
    assert f"{UNITS}/lvs.service.wants/lvs-vip@192.0.2.1.service" in tree


@pytest.mark.parametrize(
    ("mode", "roles"),
    [("master", ["master"]), ("backup", ["backup"]), ("both", ["master", "backup"])],
)
def test_a_sync_daemon_for_each_mode(mode: str, roles: list[str]) -> None:
    tree = render(f"  sync: {{mode: {mode}, interface: sync-0}}\n")
    device = "sys-subsystem-net-devices-sync\\x2d0.device"
    links = {path: target for path, target in tree.items() if "wants/lvs-sync@" in path}
    assert links == {
        f"{UNITS}/{by}.wants/lvs-sync@{role}.service": f"-> {SYNC}"
        for role in roles
        for by in ("lvs.service", device)
    }
    text = tree[f"{SYNC}.d/role.conf"]
    assert f"[Unit]\nBindsTo={device}\nAfter={device}\n" in text
    assert daemon(text) == Daemon("sync-0", 0, 0, bytes((224, 0, 0, 81)), 8848, 1)
    stopped = " ".join(f"lvs-sync@{role}.service" for role in roles)
    assert f'"STOP_UNITS={stopped}"' in tree[f"{UNITS}/lvs.service.d/director.conf"]


def test_all_of_a_sync_daemons_options() -> None:
    tree = render(
        '  sync: {mode: master, interface: lan0, id: 7, group: "ff02::81", port: 9000, ttl: 3,'
        " max_length: 1000}\n"
    )
    group = bytes.fromhex("ff020000000000000000000000000081")
    assert daemon(tree[f"{SYNC}.d/role.conf"]) == Daemon("lan0", 7, 1000, group, 9000, 3)
    assert "daemon" not in tree["/etc/lvs/ipvs.rules"]


@pytest.mark.native("systemd-escape")
@given(
    st.lists(st.text(string.ascii_letters + string.digits + ".-_@+,^~", min_size=1, max_size=15))
)
def test_a_devices_unit_is_named_as_systemd_names_it(names: list[str]) -> None:
    names = [*names, "sync-0", ".a", "a.b"]
    argv = ["systemd-escape", "--", *names]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert [escape_unit_name(name) for name in names] == done.stdout.split()


interfaces = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_@+-]{0,9}(\.[A-Za-z0-9_@+-]{1,4})?\Z").filter(
    lambda name: not set(name) <= set(string.digits + ".") and name not in {"all", "default"}
)


@given(interfaces, st.integers(0, 255), st.integers(1, 255))
def test_no_interfaces_name_leaves_its_field(name: str, number: int, ttl: int) -> None:
    text = json.dumps(
        {
            "version": 1,
            "director": {
                "method": "dr",
                "vips": [{"address": "192.0.2.1", "interface": name}],
                "services": [],
                "sync": {"mode": "master", "interface": name, "id": number, "ttl": ttl},
            },
        }
    )
    role = parse_role(text.encode(), "role.yaml").role
    tree = {
        entry.path: entry.text
        for entry in render_host(role, "", Backend.EXTERNAL)
        if isinstance(entry, File)
    }
    expected = Daemon(name, number, 0, bytes((224, 0, 0, 81)), 8848, ttl)
    assert daemon(tree[f"{SYNC}.d/role.conf"]) == expected
    device = tree[f"{UNITS}/lvs-vip@192.0.2.1.service.d/device.conf"]
    settings_ = [line for line in device.splitlines() if line.startswith("Environment=")]
    # As systemd.syntax(7): words in quotes, `%` and `$` with a meaning of their own.
    assert shlex.split(settings_[0].removeprefix("Environment=")) == [f"DEVICE={name}"]
    assert not set(name) & set("%$\\\"'")
