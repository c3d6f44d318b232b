"""Every NIC has one owner: what else would configure it is found, and cloud-init's set aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsboot.commands.desired import host_tree
from lvsboot.errors import ConflictError, Exit, NotPermittedError
from lvsboot.model import Backend
from lvsboot.report import problems_text
from lvsboot.role import parse_role
from tests.unit.test_cli import Done, lvsboot

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


def put(root: Path, path: str, text: str = "") -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with all three backends installed; nothing but lo is configured."""
    root = tmp_path / "image"
    for program in ("usr/lib/systemd/systemd-networkd", "usr/sbin/netplan", "usr/sbin/ifup"):
        put(root, program)
    put(root, "etc/network/interfaces", SOURCE + "iface lo inet loopback\n")
    put(root, f"{WANTS}/networking.service")
    put(root, f"{WANTS}/systemd-networkd.service")
    return root


def told(image: Path, text: str) -> str:
    """What plan, render and apply say of the files below the root, errors or warnings."""
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
            "   | [Match]\n   | ^^^^^^^ take it away, or let its [Match] leave eth0 out\n",
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
            "lvsboot's\n   |     eth0: {dhcp4: true}\n   |     ^^^^ take eth0 out of this file\n",
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
            "   | ^^^^^^^^^^^^^^^^^^^^ take the stanza away\n",
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


ALIAS = "auto eth0:0\niface eth0:0 inet static\n  address 192.0.2.1/32\n"


@pytest.mark.parametrize("backend", ["networkd", "netplan"])
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"interfaces": ALIAS}, "interfaces:2:1: error: ifupdown configures eth0, too, and so"),
        (
            {"interfaces": ALIAS.replace("inet static", "inet6 manual").replace("  ", "  up ip ")},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "source sub/*/x*\nauto eth0", "sub/a/x1": STANZA.partition("\n")[2]},
            "sub/a/x1:1:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {
                "interfaces": "source-directory su?",
                "sub/more": f"source {'x' * 3}",
                "sub/xxx": ALIAS,
            },
            "sub/xxx:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto /eth*\niface eth0 inet6 auto\n"},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto /eth*=lan\niface lan inet dhcp\n"},
            "interfaces:2:1: error: ifupdown configures eth0 by the stanza of lan, too, and so",
        ),
        (
            {"interfaces": "auto eth0\niface eth0 inet manual inherits lan\n"},
            "interfaces:2:1: error: ifupdown configures eth0, too, and so would",
        ),
        (
            {"interfaces": "auto eth0\nmapping eth*\n  script /x\niface home inet dhcp\n"},
            "interfaces:2:1: error: ifupdown configures eth0 by this mapping, too, and so would",
        ),
    ],
)
def test_what_ifupdown_would_do_besides(
    image: Path, backend: str, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        put(image, f"etc/network/{name}", text)
    assert f"/etc/network/{said}" in told(image, ROLE.format(backend=backend))


@pytest.mark.parametrize(
    "text",
    [
        # Nobody starts these.
        "iface eth0:0 inet static\n  address 192.0.2.1/32\nauto eth0\n",
        "auto eth1=lan\niface lan inet dhcp\n",
        "mapping eth*\n  script /x\n",
        "auto eth1:0\niface eth1:0 inet static\n  address 192.0.2.7/24\n",
    ],
)
def test_what_ifupdown_leaves_alone(image: Path, text: str) -> None:
    put(image, "etc/network/interfaces", text)
    assert told(image, ROLE.format(backend="networkd")) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ALIAS, "ifupdown applies this stanza of eth0 besides lvsboot's"),
        (
            "auto eth0=lan\niface lan inet dhcp\n",
            "ifupdown applies this stanza of lan, which is used for eth0, besides",
        ),
        ("mapping eth0\n  script /x\n", "this mapping may give eth0 another stanza than lvsboot's"),
    ],
)
def test_ifupdown_besides_its_own_backend(image: Path, text: str, said: str) -> None:
    put(image, "etc/network/interfaces", SOURCE + text)
    assert f"error: {said}" in told(image, ROLE.format(backend="ifupdown"))


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
    assert b"nobody listens to the " + what + b" of eth0" in said
    put(image, "usr/sbin/resolvconf")
    assert lvsboot("plan", place, "--root", image).stderr == b""


def test_dhcp_needs_a_client(image: Path) -> None:
    role = ROLE.replace("addresses: [192.0.2.10/24]", "dhcp: ipv4").format(backend="ifupdown")
    place = put(image.parent, "role.yaml", role)
    assert b"ifupdown has no DHCP client" in lvsboot("plan", place, "--root", image).stderr
    put(image, "usr/sbin/dhcpcd")
    assert lvsboot("plan", place, "--root", image).stderr == b""


def make_fifo(place: Path) -> None:
    os.mkfifo(place)


def make_endless(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(3 << 30)


def make_circle(place: Path) -> None:
    place.symlink_to(place.name)


def make_chain(place: Path) -> None:
    for number in range(60):
        (place.parent / f"link{number}").symlink_to(f"link{number + 1}")
    place.symlink_to("link0")


STRANGE: dict[Callable[[Path], None], str] = {
    make_fifo: "it is no regular file",
    make_endless: "it is larger than 1 MiB",
    make_circle: "too many symbolic links",
    make_chain: "too many symbolic links",
}
PLACES = [
    ("networkd", "etc/systemd/network/00-lan.network"),
    ("networkd", "run/systemd/network/05-lvs-eth0.network.d/x.conf"),
    ("networkd", "run/systemd/network/00-lan.network.d/x.conf"),
    ("netplan", "etc/netplan/01-lan.yaml"),
    ("ifupdown", "etc/network/interfaces.d/lan"),
]


@pytest.mark.parametrize("make", STRANGE)
@pytest.mark.parametrize(("backend", "path"), PLACES)
def test_what_is_no_file_cannot_be_read(
    image: Path, make: Callable[[Path], None], backend: str, path: str
) -> None:
    if "00-lan.network.d" in path:
        put(image, "etc/systemd/network/00-lan.network", "[Match]\nName=lan0\n")
    make(put(image, f"{path}.beside").parent / Path(path).name)
    said = told(image, ROLE.format(backend=backend))
    assert f"/{path}:1:1: warning: cannot be read: {STRANGE[make]}; whether it" in said
    assert said.count(f"/{path}:1:1:") == 1


@pytest.mark.parametrize(("backend", "path"), PLACES)
def test_bytes_that_are_no_text_hide_no_claim(image: Path, backend: str, path: str) -> None:
    claim = {"networkd": NETWORK, "netplan": NETPLAN, "ifupdown": STANZA}[backend]
    put(image, "etc/systemd/network/00-lan.network", "[Match]\nName=lan0\n")
    put(image, path).write_bytes(b"# \xff\xfe\n" + claim.encode())
    assert f"/{path}:" in told(image, ROLE.format(backend=backend))


@pytest.mark.parametrize(("backend", "path"), PLACES)
def test_a_link_out_of_an_image_stays_in_it(image: Path, backend: str, path: str) -> None:
    claim = {"networkd": NETWORK, "netplan": NETPLAN, "ifupdown": STANZA}[backend]
    put(image, "etc/systemd/network/00-lan.network", "[Match]\nName=lan0\n")
    outside = put(image.parent, "outside", claim)
    place = put(image, path)
    for target in (str(outside), "../" * 20 + str(outside).lstrip("/")):
        place.unlink()
        place.symlink_to(target)
        assert told(image, ROLE.format(backend=backend)) == ""
    inside = put(image, str(outside).lstrip("/"), claim)
    assert f"/{path}:" in told(image, ROLE.format(backend=backend))
    inside.unlink()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a:\n" + " [\n" * 200,
            "64:2: warning: cannot be read: it is nested over 64 deep; whether",
        ),
        ("network:\n  a: b: c\n", "2:7: warning: cannot be read: it is not YAML; whether"),
    ],
)
def test_a_netplan_file_that_cannot_be_understood(image: Path, text: str, said: str) -> None:
    put(image, "etc/netplan/01-lan.yaml", text)
    assert f"/etc/netplan/01-lan.yaml:{said}" in told(image, ROLE.format(backend="netplan"))


def test_files_that_source_each_other_are_read_once(image: Path) -> None:
    names = [f"lan{number}" for number in range(100)]
    for name in names:
        put(image, f"etc/network/more/{name}", "source *\nsource ../*/**\n" + STANZA)
    put(image, "etc/network/interfaces", SOURCE + "source more/*\nsource /**\n")
    said = told(image, ROLE.format(backend="ifupdown"))
    assert said.count("besides lvsboot's") == 100


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look into a folder of nobody's")
def test_a_folder_that_may_not_be_listed(image: Path) -> None:
    put(image, "etc/systemd/network/x")
    (image / "etc/systemd/network").chmod(0)
    image.parent.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(NotPermittedError, match="; run lvsboot as root"):
            told(image, ROLE.format(backend="networkd"))
    finally:
        os.seteuid(0)
