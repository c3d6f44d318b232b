"""What a purge leaves of a host that is not running: an unpacked image with the package in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import cache, image
from lab.image import Distribution
from lab.paths import RUNS
from lab.shell import run_as_root
from tests.golden import REPOSITORY

ROLE = REPOSITORY / "examples" / "dr" / "director.yaml"
NIC = "/etc/systemd/network/05-lvs-eth0.network"
LINK = "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
CLOUD = "/etc/systemd/network/10-cloud-init-eth0.network"
OWN = f"{CLOUD}.lvs-save"
PATHS = ["/etc", "/var/lib", "/usr/lib/systemd", "/usr/lib/python3", "/usr/bin"]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(image.DEBIAN_13, id="debian 13"),
        pytest.param(Distribution("bookworm"), id="debian 12"),
    ],
)
def root(request: pytest.FixtureRequest) -> Iterator[Path]:
    folder = RUNS / "purge"
    cache.remove_tree(folder)
    folder.mkdir(parents=True)
    root = image.unpack_base(folder, request.param)
    run_as_root(["cp", image.package(), root / "lvsboot.deb"])
    # Debian 13's own is not enabled in the lab's cloud images either.
    inside(root, "ln -sf /usr/lib/systemd/system/systemd-networkd.service " + LINK)
    yield root
    cache.remove_tree(folder)


def inside(root: Path, command: str) -> str:
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
    return run_as_root([*clean, "chroot", root, "sh", "-euc", command])


def files(root: Path) -> set[str]:
    """All paths that the package or lvsboot may have changed."""
    return {*inside(root, f"find {' '.join(PATHS)} ! -type d").split()}


def render(root: Path, backend: str, more: str = "") -> None:
    text = ROLE.read_text(encoding="utf-8").replace(
        "director:\n  method", f"{more}director:\n  method"
    )
    text = text.replace("network:\n", f"network:\n  backend: {backend}\n")
    role = root.parent / "role.yaml"
    role.write_text(text, encoding="utf-8")
    run_as_root(["cp", role, root / "tmp/role.yaml"])
    inside(root, "lvsboot render /tmp/role.yaml --root / && rm /tmp/role.yaml")


def without_dpkg(paths: set[str]) -> set[str]:
    noise = ("/var/lib/dpkg/", "/etc/hostname")
    return {path for path in paths if not path.startswith(noise) and "__pycache__" not in path}


def test_a_package_without_a_role_leaves_nothing(root: Path) -> None:
    before = files(root)
    inside(root, "dpkg --install /lvsboot.deb")
    units = "lvs-provision-early.service lvs-provision.service lvs.service"
    enabled = inside(root, f"systemctl is-enabled {units} || true")
    assert enabled.split() == ["enabled", "enabled", "disabled"]
    inside(root, "dpkg --purge lvsboot")
    assert without_dpkg(files(root)) == without_dpkg(before)


def test_the_packages_own_smoke_test_passes(root: Path) -> None:
    """With the examples, which the lab's images leave out."""
    run_as_root(["cp", REPOSITORY / "debian/tests/smoke", root / "tmp/smoke"])
    inside(
        root,
        "dpkg --install --path-include='/usr/share/doc/lvsboot/*' /lvsboot.deb; "
        "mkdir /tmp/own; AUTOPKGTEST_TMP=/tmp/own sh /tmp/smoke; "
        "rm -r /tmp/own /tmp/smoke; dpkg --purge lvsboot",
    )


def test_what_is_mounted_in_run_stays(root: Path) -> None:
    """A boot from a read-only root has the live /etc and /var/lib mounted there."""
    inside(root, "dpkg --install /lvsboot.deb")
    live = "/run/lvs/overlay/etc/merged"
    inside(root, f"mkdir -p {live}; touch {live}/passwd /run/lvs/known; dpkg --purge lvsboot")
    assert inside(root, "find /run/lvs -type f") == f"{live}/passwd\n"
    inside(root, "rm -r /run/lvs")


def test_the_nics_files_stay_where_nothing_else_configures_them(root: Path) -> None:
    before = files(root)
    inside(root, "dpkg --install /lvsboot.deb")
    render(root, "networkd")
    said = inside(root, "dpkg --purge lvsboot 2>&1")
    kept = without_dpkg(files(root)) - without_dpkg(before)
    assert kept == {NIC, "/etc/cloud/cloud.cfg.d/99-lvs-network.cfg"}
    assert NIC in said
    inside(root, f"rm {' '.join(kept)}")


def test_what_was_moved_aside_comes_back(root: Path) -> None:
    inside(root, f"printf '[Match]\\nName=eth0\\n' > {CLOUD}")
    before = files(root)
    inside(root, "dpkg --install /lvsboot.deb")
    render(root, "networkd")
    assert {NIC, OWN} <= files(root)
    assert CLOUD not in files(root)
    inside(root, "dpkg --purge lvsboot")
    assert without_dpkg(files(root)) == without_dpkg(before)
    assert inside(root, f"cat {CLOUD}") == "[Match]\nName=eth0\n"


SECOND = "    eth1:\n      addresses: [192.0.2.9/24]\n"


@pytest.mark.parametrize(
    ("backend", "ours"),
    [
        ("networkd", [NIC, NIC.replace("eth0", "eth1")]),
        ("netplan", ["/etc/netplan/90-lvs.yaml"]),
        ("ifupdown", ["/etc/network/interfaces.d/lvs"]),
    ],
)
def test_all_stays_where_one_nic_has_nothing_else(
    root: Path, backend: str, ours: list[str]
) -> None:
    """What was moved aside names eth0 and, in a comment and another name, eth1."""
    inside(root, f"printf '[Match]\\nName=eth0\\n#Name=eth1\\nName=eth1.5\\n' > {CLOUD}")
    inside(root, "mkdir -p /etc/netplan /etc/network/interfaces.d; dpkg --install /lvsboot.deb")
    inside(root, "echo 'source /etc/network/interfaces.d/*' > /etc/network/interfaces")
    # The lab's images have networkd alone, and render only looks whether a backend is there.
    inside(root, "for i in netplan ifup; do [ -e /usr/sbin/$i ] || cp /bin/true /usr/sbin/$i; done")
    render(root, backend, more=SECOND)
    said = inside(root, "dpkg --purge lvsboot 2>&1")
    assert "nothing else configures eth1: " in said
    assert {*ours, OWN} <= files(root)
    assert CLOUD not in files(root)
    inside(root, f"rm {OWN} {' '.join(ours)} /etc/cloud/cloud.cfg.d/99-lvs-network.cfg")


def test_an_upgrade_renders_the_applied_role_again(root: Path) -> None:
    """As after another version, whose drop-in is another one; and a person's own line stays."""
    drop_in = "/etc/systemd/system/lvs-announce.service.d/vips.conf"
    inside(root, "dpkg --install /lvsboot.deb")
    render(root, "networkd")
    good = inside(root, f"cat {drop_in}")
    manifest = "/var/lib/lvs/manifest.json"
    inside(
        root,
        f"old=$(sha256sum {drop_in} | cut -c -64); echo '# of another version' >> {drop_in}; "
        f"new=$(sha256sum {drop_in} | cut -c -64); sed -i s/$old/$new/ {manifest}; "
        "echo '# mine' >> /etc/sysctl.d/90-lvs.conf; dpkg --install /lvsboot.deb",
    )
    assert inside(root, f"cat {drop_in}") == good
    assert inside(root, "tail -n 1 /etc/sysctl.d/90-lvs.conf") == "# mine\n"


def test_a_role_that_this_version_refuses_stops_no_upgrade(root: Path) -> None:
    inside(root, "cp /var/lib/lvs/role.yaml /tmp/good; echo 'x: 1' >> /var/lib/lvs/role.yaml")
    said = inside(root, "dpkg --install /lvsboot.deb 2>&1")
    assert "the files of this host's role are as they were" in said
    assert "lvsboot" in inside(root, "dpkg-query -W lvsboot")
