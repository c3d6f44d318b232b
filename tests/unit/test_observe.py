"""Which network backend is in force, by the files of a root."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.model import Backend
from lvsboot.observe import backend_in_force
from lvsboot.role import parse_role

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


def test_auto_without_any_backend_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"say network\.backend"):
        in_force(tmp_path, "auto")
