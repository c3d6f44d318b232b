"""Which network backend is in force, by the files of a root."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.host.backend import backend_in_force
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role

REAL_SERVER = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"
NETWORKD = "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"


def in_force(root: Path, backend: str | None) -> Backend:
    network = f"network: {{backend: {backend}, interfaces: {{lan0: {{}}}}}}\n" if backend else ""
    return backend_in_force(parse_role((REAL_SERVER + network).encode(), "role.yaml").role, root)


def enable_networkd(root: Path) -> None:
    (root / NETWORKD).parent.mkdir(parents=True)
    (root / NETWORKD).symlink_to("/usr/lib/systemd/system/systemd-networkd.service")


def test_a_role_without_network_leaves_the_nics_alone(tmp_path: Path) -> None:
    enable_networkd(tmp_path)
    assert in_force(tmp_path, None) is Backend.EXTERNAL


def test_an_explicit_backend_wins(tmp_path: Path) -> None:
    assert in_force(tmp_path, "networkd") is Backend.NETWORKD
    assert in_force(tmp_path, "external") is Backend.EXTERNAL


def test_auto_is_the_backend_that_is_enabled(tmp_path: Path) -> None:
    enable_networkd(tmp_path)
    assert in_force(tmp_path, "auto") is Backend.NETWORKD


@pytest.mark.parametrize(
    "place",
    [
        "etc/netplan/50-cloud-init.yaml",
        "etc/systemd/network/10-cloud-init-eth0.network",
        "etc/network/interfaces.d/50-cloud-init",
        "etc/NetworkManager/system-connections/cloud-init-eth0.nmconnection",
    ],
)
def test_auto_is_external_where_cloud_init_was_first(tmp_path: Path, place: str) -> None:
    enable_networkd(tmp_path)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).touch()
    assert in_force(tmp_path, "auto") is Backend.EXTERNAL


def put(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


IFUPDOWN = "etc/systemd/system/multi-user.target.wants/networking.service"


@pytest.mark.parametrize(
    ("files", "backend"),
    [
        ({NETWORKD: "", "etc/systemd/network/lan.network": ""}, Backend.NETWORKD),
        ({"usr/sbin/netplan": "", "etc/netplan/a.yaml": "network: {}"}, Backend.NETPLAN),
        ({"usr/sbin/netplan": "", NETWORKD: ""}, Backend.NETPLAN),
        ({IFUPDOWN: "", "etc/network/interfaces": "iface lo inet loopback"}, Backend.IFUPDOWN),
        # What has a NIC to configure is in use; what only runs beside it is not.
        (
            {IFUPDOWN: "", NETWORKD: "", "etc/network/interfaces": "iface eth0 inet dhcp"},
            Backend.IFUPDOWN,
        ),
        ({IFUPDOWN: "", NETWORKD: "", "etc/systemd/network/lan.network": ""}, Backend.NETWORKD),
    ],
)
def test_auto_is_what_is_in_use(tmp_path: Path, files: dict[str, str], backend: Backend) -> None:
    for path, text in files.items():
        put(tmp_path, path, text)
    assert in_force(tmp_path, "auto") is backend


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([NETWORKD, IFUPDOWN], "ifupdown and networkd are both in use"),
        ([NETWORKD.replace("systemd-networkd", "NetworkManager")], "NetworkManager is in use"),
        (["usr/bin/sh"], "no network backend is in use"),
        (["bin/sh"], "no network backend is in use"),
    ],
)
def test_where_nothing_tells_the_key_is_named(tmp_path: Path, files: list[str], said: str) -> None:
    for path in files:
        put(tmp_path, path)
    with pytest.raises(HostError, match=rf"{said}.*network\.backend: "):
        in_force(tmp_path, "auto")


def test_a_masked_backend_is_not_in_use(tmp_path: Path) -> None:
    enable_networkd(tmp_path)
    put(tmp_path, IFUPDOWN)
    (tmp_path / "etc/systemd/system/systemd-networkd.service").symlink_to("/dev/null")
    assert in_force(tmp_path, "auto") is Backend.IFUPDOWN


@pytest.mark.parametrize("files", [[], ["etc/hostname"], ["README", "var/lib/lvs/role.yaml"]])
def test_where_there_is_no_system_it_is_the_one_that_every_debian_has(
    tmp_path: Path, files: list[str]
) -> None:
    for path in files:
        put(tmp_path, path)
    assert in_force(tmp_path, "auto") is Backend.NETWORKD
