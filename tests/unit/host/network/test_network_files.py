"""Other programs' files: whatever is at their paths is read or reported, and never blocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsboot.errors import NotPermittedError
from tests.images import put
from tests.unit.host.network.test_ownership import (
    NETPLAN,
    NETWORK,
    ROLE,
    SOURCE,
    STANZA,
    image,
    told,
)

__all__ = ["image"]


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
    make_fifo: "it is a named pipe",
    make_endless: "it has more than 1,048,576 bytes: that is more than is read",
    make_circle: "Too many levels of symbolic links",
    make_chain: "Too many levels of symbolic links",
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
    for folder in image.parents[:-2]:
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(NotPermittedError, match="; run lvsboot as root"):
            told(image, ROLE.format(backend="networkd"))
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another user's file")
@pytest.mark.parametrize(
    ("owner", "hint"), [(0, "run lvsboot as root"), (65533, "run lvsboot as that user")]
)
def test_a_file_that_may_not_be_read_says_who_may(image: Path, owner: int, hint: str) -> None:
    place = put(image, "etc/netplan/01-lan.yaml", NETPLAN)
    place.chmod(0o600)
    os.chown(place, owner, owner)
    for folder in image.parents[:-2]:
        folder.chmod(0o755)
    # The interpreter's folders may be root's as well: all is imported before.
    told(image, ROLE.format(backend="netplan"))
    os.seteuid(65534)
    try:
        said = told(image, ROLE.format(backend="netplan"))
    finally:
        os.seteuid(0)
    assert "cannot be read: permission denied; whether it configures" in said
    assert f"{hint}\n" in said
