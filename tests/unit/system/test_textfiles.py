"""Files that are refused, and in which words."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.system import textfiles


def test_what_everybody_may_write_is_not_trusted(tmp_path: Path) -> None:
    place = tmp_path / "rules"
    place.write_text("-C\n", encoding="utf-8")
    assert textfiles.read_text(str(place)) == "-C\n"
    place.chmod(0o646)
    with pytest.raises(HostError, match=f"^{place} may be written by everybody.*chmod o-w"):
        textfiles.read_text(str(place))


def status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


REGULAR, PIPE, DEVICE = stat.S_IFREG, stat.S_IFIFO, stat.S_IFCHR


@pytest.mark.parametrize(
    ("mode", "owner", "caller", "reason"),
    [
        (REGULAR | 0o644, 0, 0, None),
        (REGULAR | 0o644, 0, 1000, None),
        (REGULAR | 0o600, 1000, 1000, None),
        (REGULAR | 0o444, 1000, 0, "belongs to user 1000.*chown root"),
        (REGULAR | 0o600, 1001, 1000, "belongs to user 1001"),
        (PIPE | 0o600, 1000, 0, "belongs to user 1000"),
        (REGULAR | 0o664, 0, 0, "written by its group.*chmod g-w"),
        (REGULAR | 0o620, 1000, 1000, "written by its group"),
        (REGULAR | 0o646, 0, 0, "written by everybody.*chmod o-w"),
        (DEVICE | 0o666, 0, 0, None),
        (DEVICE | 0o620, 1000, 0, None),
    ],
)
def test_whose_word_is_done(mode: int, owner: int, caller: int, reason: str | None) -> None:
    said = textfiles.distrust(status(mode, owner), caller, "/rules")
    assert said is None if reason is None else said is not None
    assert re.search(reason or "", said or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_another_user_owns_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "rules"
    place.write_text("-C\n", encoding="utf-8")
    os.chown(place, 65534, 0)
    with pytest.raises(HostError, match=f"^{place} belongs to user 65534"):
        textfiles.read_text(str(place))


def test_nobody_waits_for_a_named_pipe_and_a_shells_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(HostError, match="is a named pipe: name a file, or -"):
        textfiles.read_text(str(tmp_path / "pipe"))
    reading, writing = os.pipe()
    os.write(writing, b"-C\n")
    os.close(writing)
    assert textfiles.read_text(f"/dev/fd/{reading}") == "-C\n"
    os.close(reading)


def test_a_bare_name_is_in_the_folder_that_we_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    textfiles.write_text("rules", "one")
    textfiles.write_text("./rules", "two")
    textfiles.move_file("rules", "moved")
    assert {place.name: place.read_text() for place in tmp_path.iterdir()} == {"moved": "two"}


def test_what_is_moved_aside_costs_nothing_that_was_aside(tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        textfiles.write_text(str(tmp_path / "saved"), text)
        textfiles.move_file(str(tmp_path / "saved"), str(tmp_path / "aside"))
    assert {place.name: place.read_text() for place in tmp_path.iterdir()} == {
        "aside": "three",
        "aside.1": "one",
        "aside.2": "two",
    }


def test_folders_are_readable_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        textfiles.write_text(str(tmp_path / "run/lvs/rules"), "-C\n")
    finally:
        os.umask(before)
    modes = {place.name: stat.S_IMODE(place.stat().st_mode) for place in tmp_path.rglob("*")}
    assert modes == {"run": 0o755, "lvs": 0o755, "rules": 0o644}


def test_only_a_regular_file_is_replaced(tmp_path: Path) -> None:
    """Not the device that root names for a file, and no folder."""
    pipe, folder = tmp_path / "pipe", tmp_path / "folder"
    os.mkfifo(pipe)
    folder.mkdir()
    for place, reason in ((pipe, "not a regular file"), (folder, "Is a directory")):
        with pytest.raises(HostError, match=f"cannot write {place}: {reason}"):
            textfiles.Staged(str(place), b"text")
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == [folder, pipe]


def test_a_temporary_is_never_written_through(tmp_path: Path) -> None:
    """Whatever stands under its name: another file's second name, a pipe, a link."""
    other, temporary = tmp_path / "other", tmp_path / ".rules.lvs-new"
    other.write_text("other")
    plants: list[Callable[[], None]] = [
        lambda: temporary.hardlink_to(other),
        lambda: temporary.symlink_to(other),
        lambda: os.mkfifo(temporary),
    ]
    for plant in plants:
        plant()
        textfiles.write_text(str(tmp_path / "rules"), "-C\n")
        assert (tmp_path / "rules").read_text() == "-C\n"
        assert other.read_text() == "other"
        assert not temporary.is_symlink()
        assert not temporary.exists()


def test_a_file_without_end_is_refused_and_a_device_is_none_that_anybody_edits() -> None:
    assert textfiles.read_text("/dev/null") == ""
    with pytest.raises(HostError, match="larger than 64 MiB"):
        textfiles.read_text("/dev/zero")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert textfiles.read_text(str(tmp_path / "absent")) is None
    with pytest.raises(HostError, match=r"cannot read .*: Is a directory"):
        textfiles.read_text(str(tmp_path))
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(HostError, match="Too many levels of symbolic links"):
        textfiles.read_text(str(tmp_path / "loop"))
