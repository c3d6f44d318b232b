"""What an image lacks for a role, each with its fix; what keeps lvsboot from writing at all."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from lvsboot.errors import Exit
from lvsboot.host.image.architecture import parse_architecture
from lvsboot.host.image.facts import own_architecture
from tests.golden import REPOSITORY, read_tree
from tests.images import KERNEL, MACHINE_ID, SYSTEMD, complete_image, put, put_unreadable
from tests.unit.cli.test_cli import Done, lvsboot

DIRECTOR = REPOSITORY / "examples/dr/director.yaml"
MARKS = REPOSITORY / "examples/fwmark/director.yaml"
REAL_SERVER = REPOSITORY / "examples/dr/rs1.yaml"
INSTANCE = "var/lib/cloud/instances/i-1"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    put(tmp_path, "image/usr/lib/systemd/systemd-networkd")
    return complete_image(tmp_path / "image")


def render(image: Path, role: Path = DIRECTOR, *options: str) -> Done:
    return lvsboot("render", role, "--root", image, "--backend", "networkd", *options)


def elf(machine: int, *, bits: int = 64, order: str = "little") -> bytes:
    """The first bytes of a program, as its manual page has them."""
    ident = b"\x7fELF" + bytes([bits // 32, 1 if order == "little" else 2, 1])
    return ident.ljust(16, b"\0") + struct.pack("<HH" if order == "little" else ">HH", 3, machine)


@pytest.mark.parametrize("role", [DIRECTOR, MARKS, REAL_SERVER], ids=lambda role: role.parent.name)
def test_nothing_is_said_of_an_image_that_has_all(image: Path, role: Path) -> None:
    done = render(image, role, "--strict")
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")


@pytest.mark.parametrize(
    ("role", "missing", "said"),
    [
        (DIRECTOR, "usr/bin/lvsboot", "has no lvsboot: install its package"),
        (DIRECTOR, "usr/bin/ip", "has no ip: install iproute2"),
        (DIRECTOR, "usr/sbin/ipvsadm", "has no ipvsadm: install ipvsadm"),
        (MARKS, "usr/sbin/nft", "has no nft: install nftables"),
        (DIRECTOR, "usr/sbin/init", "has no /sbin/init, which the kernel starts: install systemd"),
        (
            DIRECTOR,
            "usr/lib/modules",
            "has no kernel below /usr/lib/modules: install one with ip_vs",
        ),
        (DIRECTOR, f"{KERNEL}/modules.dep", "the kernel 6.1.0-test has is not known: depmod"),
        (DIRECTOR, "usr/lib/systemd/systemd-networkd", "install systemd, or say another"),
        (REAL_SERVER, "usr/bin/ip", "has no ip: install iproute2"),
    ],
)
def test_what_an_image_lacks(image: Path, role: Path, missing: str, said: str) -> None:
    place = image / missing
    if missing.endswith("modules.dep"):
        put(image, f"{KERNEL}/modules.builtin")
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    before = read_tree(image)
    refused = render(image, role, "--strict")
    assert (refused.returncode, refused.stdout) == (Exit.FAILED, b"")
    assert read_tree(image) == before
    done = render(image, role)
    assert done.returncode == Exit.DONE
    assert done.stderr == refused.stderr
    [line] = done.stderr.decode().splitlines()
    assert said in line


@pytest.mark.parametrize("kind", ["pipe", "folder", "sparse"])
@pytest.mark.parametrize(
    "path", [MACHINE_ID, SYSTEMD, f"{KERNEL}/modules.builtin", f"{KERNEL}/modules.dep"]
)
def test_what_only_feeds_warnings_and_cannot_be_read(image: Path, path: str, kind: str) -> None:
    place = image / path
    place.unlink(missing_ok=True)
    put_unreadable(place, kind)
    done = render(image)
    assert done.returncode == Exit.DONE
    [line, *more] = done.stderr.decode().splitlines()
    assert str(place) in line
    assert "not known" in line
    assert not more


@pytest.mark.parametrize("program", ["usr/sbin/ipvsadm", "usr/sbin/nft", "usr/lib/modules"])
def test_a_real_server_needs_less(image: Path, program: str) -> None:
    place = image / program
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert render(image, REAL_SERVER).stderr == b""


def test_a_program_by_a_link(image: Path) -> None:
    """As the wheel's, which leads into its own folder; the link is the image's, not the host's."""
    (image / "usr/bin/lvsboot").unlink()
    link = image / "usr/local/sbin/lvsboot"
    link.parent.mkdir(parents=True)
    link.symlink_to("/opt/lvsboot/bin/lvsboot")
    assert b"has no lvsboot" in render(image).stderr
    put(image, "opt/lvsboot/bin/lvsboot")
    assert render(image).stderr == b""


def test_a_scheduler_that_a_kernel_lacks(image: Path) -> None:
    """Each kernel is looked at: which one boots is not known."""
    (line,) = [
        line
        for line in (image / KERNEL / "modules.dep").read_text(encoding="utf-8").splitlines()
        if "/ip_vs.ko" in line
    ]
    put(image, "usr/lib/modules/6.2.0-cloud/modules.dep", f"{line}\n")
    said = render(image).stderr.decode()
    assert said.count("\n") == 1
    assert "the kernel 6.2.0-cloud in" in said
    assert "has no ip_vs_wlc: install" in said


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("$(touch x)", "depmod --basedir {image} '$(touch x)'"),
        ("6.1\nlvsboot: error: forged", "depmod --basedir {image} '6.1\\nlvsboot: error: forged'"),
    ],
)
def test_a_name_in_an_image_is_quoted_and_stays_on_its_line(
    image: Path, version: str, shown: str
) -> None:
    put(image, f"usr/lib/modules/{version}/modules.builtin")
    put(image, MACHINE_ID, "0123456789abcdef0123456789abcdef\n")
    depmod, truncate = render(image).stderr.decode().splitlines()
    assert depmod.endswith(shown.format(image=image))
    assert truncate.endswith(f"truncate -s 0 {image / MACHINE_ID}")
    moved = image.rename(image.with_name("an image"))
    [_, truncate] = render(moved).stderr.decode().splitlines()
    assert truncate.endswith(f"truncate -s 0 '{moved / MACHINE_ID}'")


def test_a_module_that_is_built_in(image: Path) -> None:
    put(image, f"{KERNEL}/modules.dep")
    assert "has no ip_vs: install" in render(image).stderr.decode()
    modules = "kernel/net/ip_vs.ko\nkernel/net/ip-vs-wlc.ko\nkernel/net/nf_tables.ko\n"
    put(image, f"{KERNEL}/modules.builtin", modules)
    assert render(image).stderr == b""


@pytest.mark.parametrize("path", [MACHINE_ID, "var/lib/dbus/machine-id"])
def test_a_machine_id_that_clones_would_share(image: Path, path: str) -> None:
    for text in ("", "uninitialized\n"):
        put(image, path, text)
        assert render(image).stderr == b""
    put(image, path, "0123456789abcdef0123456789abcdef\n")
    assert f"truncate -s 0 {image / path}\n" in render(image).stderr.decode()


def test_d_bus_s_machine_id_as_a_link(image: Path) -> None:
    """Systemd does not read it then, and the other file is named once."""
    put(image, MACHINE_ID, "0123456789abcdef0123456789abcdef\n")
    put(image, "var/lib/dbus/other").parent.joinpath("machine-id").symlink_to("/etc/machine-id")
    assert render(image).stderr.count(b"has an id") == 1


def test_an_instance_of_cloud_init(image: Path) -> None:
    put(image, f"{INSTANCE}/obj.pkl")
    assert render(image).stderr == b""
    put(image, "usr/bin/cloud-init")
    assert "i-1: a clone may take itself" in render(image).stderr.decode()


def test_what_cloud_init_has_configured(image: Path) -> None:
    """With `auto` it means that cloud-init has the NICs; a backend's name sets it aside."""
    put(image, "etc/netplan/50-cloud-init.yaml", "network: {version: 2}\n")
    done = lvsboot("plan", DIRECTOR, "--root", image)
    assert b"50-cloud-init.yaml is what cloud-init wrote" in done.stderr
    assert b"cloud-init wrote" not in render(image).stderr


@pytest.mark.parametrize("verb", ["render", "plan"])
def test_an_image_without_systemd(image: Path, verb: str) -> None:
    (image / SYSTEMD).unlink()
    before = read_tree(image)
    done = lvsboot(verb, DIRECTOR, "--root", image)
    assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
    assert b"has no systemd, which starts whatever a role needs: install systemd" in done.stderr
    assert read_tree(image) == before


OTHER = 62 if "arm64" in (own_architecture() or ()) else 183
NAME = {183: "arm64", 62: "amd64"}[OTHER]


@pytest.mark.parametrize("verb", ["render", "plan"])
def test_an_image_of_another_architecture(image: Path, verb: str) -> None:
    put(image, SYSTEMD, elf(OTHER))
    before = read_tree(image)
    words = (verb, DIRECTOR, "--root", image, "--backend", "networkd")
    done = lvsboot(*words)
    assert (done.returncode, done.stdout) == (Exit.FAILED, b"")
    assert f"where that is meant, say --architecture {NAME}\n" in done.stderr.decode()
    assert read_tree(image) == before
    done = lvsboot(*words, "--architecture", "riscv64")
    assert f"is a program for {NAME}, not for riscv64" in done.stderr.decode()
    assert read_tree(image) == before
    done = lvsboot(*words, "--architecture", NAME)
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")


def test_an_architecture_that_is_not_known(image: Path) -> None:
    done = render(image, DIRECTOR, "--architecture", "arm65")
    assert done.returncode == Exit.USAGE
    assert b"--architecture arm65 is not known: one of amd64, arm, arm64" in done.stderr
    put(image, SYSTEMD, "no program")
    assert b"is no program" in render(image).stderr


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (elf(62), ("amd64", "x86-64")),
        (elf(40, bits=32), ("armhf", "arm")),
        (elf(22, order="big"), ("s390x", "s390x")),
        (elf(21), ("ppc64el", "ppc64-le")),
        (elf(21, order="big"), ("ELF machine 21", "ELF machine 21")),
        (elf(62)[:19], None),
        (b"", None),
    ],
)
def test_architectures(header: bytes, names: tuple[str, str] | None) -> None:
    assert parse_architecture(header) == names


def test_a_first_look_says_nothing_of_what_a_folder_lacks(tmp_path: Path) -> None:
    done = render(tmp_path, DIRECTOR, "--strict")
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    # Nor is the note on the backend that is assumed a warning.
    done = lvsboot("render", DIRECTOR, "--root", tmp_path, "--strict")
    assert (done.returncode, done.stderr.count(b"\n")) == (Exit.DONE, 1)
