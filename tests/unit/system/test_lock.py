"""One process at a time: the others wait, are told the holder, and a killed holder frees it."""

from __future__ import annotations

import errno
import os
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.system.lock import Lock
from tests.unit.locks import held_by_another

_HOLD = """\
import sys
from lvsboot.system.lock import Lock
with Lock(sys.argv[1], "reload"):
    print(1)
    input()
"""


def test_who_holds_it_is_said_at_once_and_at_the_end(tmp_path: Path) -> None:
    said: list[str] = []
    place = tmp_path / "run" / "lock"
    with held_by_another(_HOLD, place) as holder:
        name = f"lvsboot reload (process {holder.pid})"
        with (
            pytest.raises(HostError) as caught,
            Lock(str(place), "start", said.append, patience=0.1),
        ):
            raise AssertionError
    assert said == [f"waiting for {name}, which holds {place}"]
    assert str(caught.value).startswith(f"{name} has held {place} for 0 s")


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    place = tmp_path / "lock"
    with held_by_another(_HOLD, place) as holder:
        threading.Timer(0.05, holder.send_signal, [signal.SIGKILL]).start()
        with Lock(str(place), "start"):
            assert place.read_text(encoding="ascii") == f"{os.getpid()} lvsboot start\n"


def test_a_full_disk_keeps_nobody_from_holding_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", no_space)
    place = str(tmp_path / "lock")
    with (
        Lock(place, "stop"),
        pytest.raises(HostError, match="another process has held"),
        Lock(place, "start", patience=0),
    ):
        raise AssertionError


def test_what_is_no_lock_is_refused_and_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with (
            pytest.raises(HostError, match="cannot write"),
            Lock(str(tmp_path / name), "start"),
        ):
            raise AssertionError
    assert not (tmp_path / "elsewhere").exists()
    os.mkfifo(tmp_path / "pipe")
    place = str(tmp_path / "pipe")
    with (
        Lock(place, "stop"),
        pytest.raises(HostError, match="another process has held"),
        Lock(place, "start", patience=0),
    ):
        raise AssertionError


def test_a_lock_and_its_folder_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with Lock(str(tmp_path / "run/lock"), "start"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "run/lock").stat().st_mode) == 0o600


def test_a_free_lock_costs_next_to_nothing(tmp_path: Path) -> None:
    place = str(tmp_path / "lock")
    with Lock(place, "start"):
        pass
    begin = time.process_time()
    for _ in range(100):
        with Lock(place, "start"):
            pass
    assert time.process_time() - begin < 0.1
