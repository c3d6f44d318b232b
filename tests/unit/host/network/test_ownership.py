"""Every NIC has one owner: what else would configure it is found, and cloud-init's set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.cli.text.problems import problems_text
from lvsboot.commands.desired import host_tree
from lvsboot.errors import ConflictError, Exit
from lvsboot.role.model import Backend
from lvsboot.role.reader import parse_role
from tests.images import complete_image, put
from tests.unit.cli.test_cli import Done, lvsboot

ROLE = """\
version: 1
network:
  backend: {backend}
  interfaces:
    eth0: {{addresses: [192.0.2.10/24]}}
real_server: {{method: dr, vips: [192.0.2.1]}}
"""
WANTS = "etc/systemd/system/multi-user.target.wants"
SOURCE = "source /etc/network/interfaces.d/*\n"
STANZA = "auto eth0\niface eth0 inet dhcp\n"
NETPLAN = "network:\n  ethernets:\n    eth0: {dhcp4: true}\n    eth1: {dhcp4: true}\n"
NETWORK = "[Match]\nName=eth*\n"
OURS = {
    Backend.NETWORKD: "etc/systemd/network/05-lvs-eth0.network",
    Backend.NETPLAN: "etc/netplan/90-lvs.yaml",
    Backend.IFUPDOWN: "etc/network/interfaces.d/lvs",
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with all three backends installed; nothing but lo is configured."""
    root = complete_image(tmp_path / "image")
    for program in ("usr/lib/systemd/systemd-networkd", "usr/sbin/netplan", "usr/sbin/ifup"):
        put(root, program)
    put(root, "etc/network/interfaces", SOURCE + "iface lo inet loopback\n")
    put(root, f"{WANTS}/networking.service")
    put(root, f"{WANTS}/systemd-networkd.service")
    return root


def told(image: Path, text: str) -> str:
    """The problems that plan, render and apply report on the files below the root."""
    try:
        _tree, cautions = host_tree(parse_role(text.encode(), "role.yaml"), image)
        problems = cautions.problems
    except ConflictError as error:
        problems = error.problems
    return problems_text(problems)


def render(image: Path, backend: str, verb: str = "render") -> Done:
    role = put(image.parent, "role.yaml", ROLE.format(backend=backend))
    return lvsboot(verb, role, "--root", image)


@pytest.mark.parametrize("backend", OURS)
def test_an_image_that_nobody_has_configured(image: Path, backend: Backend) -> None:
    done = render(image, backend.value)
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert (image / OURS[backend]).exists()
    assert render(image, backend.value).stdout == b"no changes\n"


@pytest.mark.parametrize(
    ("backend", "path", "text", "said"),
    [
        (
            "networkd",
            "etc/systemd/network/00-all.network",
            NETWORK,
            "/etc/systemd/network/00-all.network:1:1: error: this file is for eth0, too, and sorts "
            "before lvsboot's: it would win\n"
            "   | [Match]\n   | ^^^^^^^ remove it, or exclude eth0 in its [Match]\n",
        ),
        (
            "netplan",
            "etc/systemd/network/05-lan.network",
            "[Network]\n[Match]\nType=ether\n",
            "/etc/systemd/network/05-lan.network:2:1: error: this file is for eth0, too, and",
        ),
        (
            "netplan",
            "etc/netplan/01-lan.yaml",
            NETPLAN,
            "/etc/netplan/01-lan.yaml:3:5: error: netplan merges this definition of eth0 with "
            "lvsboot's\n   |     eth0: {dhcp4: true}\n   |     ^^^^ remove eth0 from this file\n",
        ),
        (
            "ifupdown",
            "etc/netplan/01-lan.yaml",
            NETPLAN,
            "/etc/netplan/01-lan.yaml:3:5: error: netplan configures eth0, too, and so would",
        ),
        (
            "ifupdown",
            "etc/network/interfaces",
            SOURCE + STANZA,
            "/etc/network/interfaces:3:1: error: ifupdown applies this stanza of eth0 besides "
            "lvsboot's\n   | iface eth0 inet dhcp\n"
            "   | ^^^^^^^^^^^^^^^^^^^^ remove the stanza\n",
        ),
        (
            "networkd",
            "etc/network/interfaces.d/lan",
            STANZA,
            "/etc/network/interfaces.d/lan:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            "ifupdown",
            "etc/systemd/network/90-all.network",
            NETWORK,
            "error: this file is systemd-networkd's for eth0, which ifupdown would have, too",
        ),
        (
            "ifupdown",
            "etc/network/interfaces",
            "source-directory /etc/network/other\n",
            "/etc/network/interfaces:1:1: error: no line of it sources "
            "/etc/network/interfaces.d/lvs: lvsboot's stanzas would not be read\n"
            "   = add the line `source /etc/network/interfaces.d/*`\n",
        ),
    ],
)
def test_another_owner_stops_before_anything_is_written(
    image: Path, backend: str, path: str, text: str, said: str
) -> None:
    put(image, path, text)
    for verb in ("plan", "render"):
        done = render(image, backend, verb)
        assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
        assert said in done.stderr.decode()
    assert not (image / "etc/lvs").exists()


@pytest.mark.parametrize("folder", ["etc", "run", "usr/local/lib", "usr/lib"])
@pytest.mark.parametrize(
    ("backend", "drop_in", "said"),
    [
        (
            "networkd",
            ("05-lvs-eth0.network.d/dns.conf", "# more\n[Network]\nDHCP=yes\n"),
            ":2:1: error: this drop-in is merged with lvsboot's file for eth0, which has one owner",
        ),
        (
            "netplan",
            ("10-netplan-eth0.network.d/x.conf", "[Address]\nAddress=192.0.2.99/24\n"),
            ":1:1: error: this drop-in is merged with netplan's file for eth0, which has one owner",
        ),
        (
            "networkd",
            ("00-lan.network.d/eth0.conf", "[Match]\nName=\nName=eth0\n"),
            ":1:1: error: this file is for eth0, too, and sorts before lvsboot's: it would win",
        ),
        (
            "ifupdown",
            ("90-lan.network.d/eth0.conf", "[Match]\nName=eth0\n"),
            ":1:1: error: this file is systemd-networkd's for eth0, which ifupdown would have, too",
        ),
    ],
)
def test_drop_ins_are_claims(
    image: Path, folder: str, backend: str, drop_in: tuple[str, str], said: str
) -> None:
    for other in ("00-lan.network", "90-lan.network"):
        put(image, f"etc/systemd/network/{other}", "[Match]\nName=lan*\n")
    name, text = drop_in
    place = f"{folder}/systemd/network/{name}"
    put(image, place, text)
    assert f"/{place}{said}" in told(image, ROLE.format(backend=backend))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("05-lvs-eth0.network.d/empty.conf", "# nothing\n[Network]\n"),
        ("05-lvs-eth0.network.d/README", "[Network]\nDHCP=yes\n"),
        # Only units have drop-ins by the beginning of their names.
        ("05-lvs-.network.d/all.conf", "[Network]\nDHCP=yes\n"),
        ("network.d/all.conf", "[Network]\nDHCP=yes\n"),
        ("05-lvs-eth0.link.d/no-link.conf", "[Link]\nName=lan0\n"),
        ("00-no-such-file.network.d/all.conf", "[Match]\nName=*\n"),
        ("00-taken-back.network.d/all.conf", "[Match]\nName=\nName=lan0\n"),
        ("00-masked.network.d/all.conf", "[Match]\nName=*\n"),
    ],
)
def test_what_networkd_does_not_merge_is_no_claim(image: Path, name: str, text: str) -> None:
    if name.startswith("00-taken-back"):
        put(image, "etc/systemd/network/00-taken-back.network", NETWORK)
    put(image, "usr/lib/systemd/network/00-masked.network", NETWORK)
    put(image, "etc/systemd/network/README")
    (image / "etc/systemd/network/00-masked.network").symlink_to("/dev/null")
    put(image, f"etc/systemd/network/{name}", text)
    assert told(image, ROLE.format(backend="networkd")) == ""


def test_a_drop_in_of_the_file_that_names_the_nic(image: Path) -> None:
    put(image, "etc/systemd/network/05-lvs-eth0.link.d/name.conf", "[Link]\nName=lan0\n")
    nic = 'eth0: {mac: "52:54:00:00:00:01", '
    role = ROLE.replace("eth0: {{", nic.replace("{", "{{")).format(backend="ifupdown")
    said = told(image, role)
    assert "05-lvs-eth0.link.d/name.conf:1:1: error: this drop-in is merged with" in said


@pytest.mark.parametrize(
    ("backend", "path", "text"),
    [
        ("networkd", "etc/systemd/network/10-all.network", NETWORK),  # ours sorts before it
        ("networkd", "etc/network/interfaces", "iface eth0 inet dhcp\n"),  # nobody starts it
        ("netplan", "etc/netplan/01-lan.yaml", NETPLAN.replace("eth0", "eth2")),
        ("ifupdown", "etc/network/interfaces.d/wan", STANZA.replace("eth0", "eth1")),
        ("ifupdown", "etc/network/interfaces.d/lan", "iface eth0 inet manual\n"),
        ("ifupdown", "etc/network/interfaces", "source-directory interfaces.d\n"),
    ],
)
def test_what_is_no_second_owner(image: Path, backend: str, path: str, text: str) -> None:
    put(image, path, text)
    done = render(image, backend)
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")


@pytest.mark.parametrize(
    ("backend", "path", "text", "said"),
    [
        ("networkd", "etc/netplan/01-lan.yaml", NETPLAN, "is without effect"),
        ("networkd", "etc/systemd/network/00.network", "[Match]\nDriver=x\n", "may be for eth0"),
        ("networkd", f"{WANTS}/NetworkManager.service", "", "takes every NIC"),
    ],
)
def test_what_may_be_one_is_a_caution(
    image: Path, backend: str, path: str, text: str, said: str
) -> None:
    put(image, path, text)
    done = render(image, backend)
    assert done.returncode == Exit.DONE
    assert said in done.stderr.decode()


CLOUD_INIT = {
    "etc/netplan/50-cloud-init.yaml": NETPLAN,
    "etc/systemd/network/10-cloud-init-eth0.network": NETWORK,
    "etc/network/interfaces.d/50-cloud-init": STANZA,
}


@pytest.mark.parametrize("backend", OURS)
@pytest.mark.parametrize("path", CLOUD_INIT)
def test_cloud_inits_files_go_aside_and_come_back(image: Path, backend: Backend, path: str) -> None:
    place = put(image, path, CLOUD_INIT[path])
    done = render(image, backend.value)
    assert done.returncode == Exit.DONE
    assert not place.exists()
    assert (image / "etc/cloud/cloud.cfg.d/99-lvs-network.cfg").exists()
    assert render(image, backend.value).stdout == b"no changes\n"
    # What auto means does not depend on the role before.
    assert b"lvs-network" in render(image, "auto").stdout
    assert place.read_text() == CLOUD_INIT[path]
    assert not (image / "etc/cloud/cloud.cfg.d/99-lvs-network.cfg").exists()
    assert not (image / OURS[backend]).exists()


def test_a_nic_that_loses_its_configuration_is_named(image: Path) -> None:
    put(image, "etc/netplan/50-cloud-init.yaml", NETPLAN)
    said = render(image, "networkd").stderr.decode()
    assert said.startswith("/etc/netplan/50-cloud-init.yaml:4:1: warning: cloud-init configured ")
    assert "eth1 has no configuration from the next boot on" in said
    assert "eth0 has" not in said


def test_a_backend_that_no_boot_starts_is_enabled(image: Path) -> None:
    (image / f"{WANTS}/systemd-networkd.service").unlink()
    render(image, "networkd")
    link = image / f"{WANTS}/systemd-networkd.service"
    assert str(link.readlink()) == "/usr/lib/systemd/system/systemd-networkd.service"
    assert render(image, "networkd").stdout == b"no changes\n"
    render(image, "ifupdown")
    assert not link.is_symlink()


def test_what_others_have_enabled_stays_enabled(image: Path) -> None:
    render(image, "networkd")
    render(image, "ifupdown")
    assert (image / f"{WANTS}/systemd-networkd.service").exists()


def test_a_backend_that_an_image_lacks(image: Path) -> None:
    (image / "usr/sbin/netplan").unlink()
    done = render(image, "netplan")
    assert done.returncode == Exit.DONE
    assert b"/usr/sbin/netplan does not exist below" in done.stderr
    assert b"install netplan.io" in done.stderr


@pytest.mark.parametrize(
    ("key", "what"),
    [("nameservers: [192.0.2.53]", b"nameservers"), ("search: [example.net]", b"search domains")],
)
def test_name_servers_that_nobody_asks(image: Path, key: str, what: bytes) -> None:
    role = ROLE.replace("[192.0.2.10/24]", f"[192.0.2.10/24], {key}")
    place = put(image.parent, "role.yaml", role.format(backend="ifupdown"))
    said = lvsboot("plan", place, "--root", image).stderr
    assert b"nothing reads the " + what + b" of eth0" in said
    put(image, "usr/sbin/resolvconf")
    assert lvsboot("plan", place, "--root", image).stderr == b""


def test_dhcp_needs_a_client(image: Path) -> None:
    role = ROLE.replace("addresses: [192.0.2.10/24]", "dhcp: ipv4").format(backend="ifupdown")
    place = put(image.parent, "role.yaml", role)
    assert b"ifupdown has no DHCP client" in lvsboot("plan", place, "--root", image).stderr
    put(image, "usr/sbin/dhcpcd")
    assert lvsboot("plan", place, "--root", image).stderr == b""
