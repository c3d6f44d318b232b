"""Reading below a root: never out of it, never without end, and never what is no file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.install.root_folder import (
    RootFolder,
    exists_in_root,
    file_names,
    link_target,
    read_regular,
)
from lvsboot.install.walk import NotRegularError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("the host's line\n")
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/file").write_text("text\n")
    return root


def test_a_file_is_read_and_what_is_not_there_is_none(root: Path) -> None:
    assert read_regular(root, "/etc/file") == b"text\n"
    assert read_regular(root, "/etc/absent") is None
    assert read_regular(root, "/absent/file") is None
    assert read_regular(root, "/etc/file/below") is None
    assert read_regular(root, "/etc/fi\0le") is None


@pytest.mark.parametrize(
    "target",
    ["/etc/file", "file", "../etc/./file", "../../../../etc/file", "/../../etc/file", "./file"],
)
def test_a_link_is_followed_inside_the_root(root: Path, target: str) -> None:
    (root / "etc/link").symlink_to(target)
    assert read_regular(root, "/etc/link") == b"text\n"
    assert link_target(root, "/etc/link") == target
    assert exists_in_root(root, "/etc/link")


@pytest.mark.parametrize("hops", [1, 2, 9, 39])
@pytest.mark.parametrize("relative", [True, False])
def test_no_chain_of_links_leads_out(root: Path, hops: int, *, relative: bool) -> None:
    """Neither by .. nor by a path of the host, however many links there are in between."""
    for hop in range(hops - 1):
        (root / f"etc/{hop}").symlink_to(str(hop + 1))
    outside = "../../outside" if relative else root.parent / "outside"
    (root / f"etc/{hops - 1}").symlink_to(outside)
    assert read_regular(root, "/etc/0") is None
    assert not exists_in_root(root, "/etc/0")


@pytest.mark.parametrize("loop", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "a/x"}])
@pytest.mark.parametrize("path", ["/a", "/a/c"])
def test_a_loop_of_links_is_an_error(root: Path, loop: dict[str, str], path: str) -> None:
    for name, target in loop.items():
        (root / name).symlink_to(target)
    with pytest.raises(HostError, match=r"cannot read .*: Too many levels of symbolic links"):
        read_regular(root, path)


def test_folders_that_are_links_are_passed_inside_the_root(root: Path) -> None:
    (root / "way").symlink_to("/etc/")
    (root / "etc/up").symlink_to("../../..")
    assert read_regular(root, "/way/file") == b"text\n"
    assert read_regular(root, "/way/up/etc/up/way/file") == b"text\n"
    assert file_names(root, "/way") == ("file", "up")
    assert file_names(root, "/way/up") == ("etc", "way")


def test_a_name_that_is_none_is_a_folder(root: Path) -> None:
    for path in ("", "/", "..", "/..", "/etc/..", "/etc/", "/etc/."):
        with pytest.raises(NotRegularError, match="it is a directory"):
            read_regular(root, path)


def test_what_is_no_file_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "pipe")
    with (
        socket.socket(socket.AF_UNIX) as listener,
        RootFolder(root) as folder,
        folder.walk("/x") as walk,
    ):
        # A socket's path is short.
        listener.bind(f"/proc/self/fd/{walk.folder}/socket")
    (root / "link").symlink_to("pipe")
    for path, kind in {"/pipe": "named pipe", "/socket": "socket", "/link": "named pipe"}.items():
        with pytest.raises(NotRegularError, match=f"cannot read .*{path}: it is a {kind}"):
            read_regular(root, path)


def test_the_null_device_masks_a_file_and_no_other_device_is_read() -> None:
    host = Path("/")
    assert read_regular(host, "/dev/null") is None
    with pytest.raises(NotRegularError, match="it is a device"):
        read_regular(host, "/dev/zero")


def test_a_large_file_is_not_read_whole(root: Path) -> None:
    with (root / "etc/huge").open("wb") as huge:
        huge.truncate(1 << 40)
    with pytest.raises(HostError, match=r"cannot|more than 1,000 bytes"):
        read_regular(root, "/etc/huge", limit=1000)
    assert read_regular(root, "/etc/file", limit=5) == b"text\n"


def test_names_that_are_not_utf_8_can_be_opened_again(root: Path) -> None:
    (root / os.fsdecode(b"\xff")).write_text("x")
    name = next(name for name in file_names(root, "/") if name != "etc")
    assert read_regular(root, f"/{name}") == b"x"
    assert file_names(root, "/absent") == file_names(root, "/etc/file") == ()


def test_what_a_root_was_when_it_was_opened_is_what_is_read(root: Path) -> None:
    """Somebody swaps the folders for links to others on the way."""
    with RootFolder(root) as folder, folder.walk("/etc/file") as walk:
        (root / "etc").rename(root / "moved")
        (root / "etc").symlink_to(root.parent)
        assert walk.read(root, 10) == b"text\n"
        with pytest.raises(FileNotFoundError):
            walk.go("../etc/outside")


def test_no_descriptor_stays_open(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    read_regular(root, "/etc/file")
    read_regular(root, "/etc/absent/x")
    file_names(root, "/etc")
    with pytest.raises(HostError):
        read_regular(root, "/etc")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_root_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostError, match=r"cannot read .*/file: Not a directory"):
        read_regular(tmp_path / "file", "/etc/file")
    with pytest.raises(HostError, match=r"cannot read .*/absent: No such file"):
        file_names(tmp_path / "absent", "/etc")
