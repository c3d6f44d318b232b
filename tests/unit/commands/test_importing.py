"""The verb import: its input, its remarks and its statuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvsboot.commands.importing import import_rules
from lvsboot.errors import Exit, HostError, InputError
from lvsboot.role.document import MAX_BYTES
from tests.unit.cli.test_cli import lvsboot
from tests.unit.role.test_importing import GUIDE, rules_of


def test_rules_that_are_wrong() -> None:
    done = lvsboot("import", "-", stdin=b"-A -t www:80\n# no\n")
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert done.stderr.startswith(b"<stdin>:1:")
    assert lvsboot("import", "/missing").returncode == Exit.FAILED


def test_files_as_they_are_become_roles_and_what_is_passed_over_is_said(tmp_path: Path) -> None:
    place = tmp_path / "ipvsadm.rules"
    place.write_text(f"# ipvsadm.rules\n{GUIDE}{GUIDE.splitlines()[1]} # \x1b[2J\n", "utf-8")
    done = lvsboot("import", place)
    assert done.returncode == Exit.DONE
    assert rules_of(done.stdout) == GUIDE
    said = f"lvsboot: {place}:5: passed over, as the kernel refuses it: the service has this dest"
    assert done.stderr.decode().startswith(said)
    assert rb"\x1b[2J" in done.stderr
    assert b"\x1b" not in done.stderr


def test_a_port_that_no_forwarding_leads_to_is_said_to_be_the_services() -> None:
    done = lvsboot("import", "-", stdin=GUIDE.replace("11:80", "11:8080").encode())
    assert done.returncode == Exit.DONE
    assert rules_of(done.stdout) == GUIDE
    assert b"<stdin>:2: 172.16.14.11:8080 is port 80, the service's" in done.stderr


@pytest.mark.parametrize("how", ["file", "stdin"])
def test_more_than_16_mib_are_refused_and_not_cut(tmp_path: Path, how: str) -> None:
    rules = GUIDE.encode() + b"#" * (MAX_BYTES + 1 - len(GUIDE))
    place = tmp_path / "rules"
    place.write_bytes(rules)
    done = lvsboot("import", place) if how == "file" else lvsboot("import", "-", stdin=rules)
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert b":1:1: error: the file has more than 16,777,216 bytes" in done.stderr


def test_what_is_no_file_of_rules_is_neither_waited_for_nor_read_to_its_end(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for place in (fifo, tmp_path):
        with pytest.raises(HostError, match=str(place)):
            import_rules(str(place))
    with pytest.raises(InputError):
        import_rules("/dev/zero")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(HostError, match="cannot read"):
        import_rules(str(loop))


def test_a_shells_pipe_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, GUIDE.encode())
    os.close(writing)
    try:
        assert rules_of(import_rules(f"/dev/fd/{reading}").text.encode()) == GUIDE
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    "rules", [b"-A -t 192.0.2.1:h\xfft\n", b"-A -t 192.0.2.1:http\0\n", b"-A -t 192.0.2.1\vx:80\n"]
)
def test_bytes_that_are_in_no_name(rules: bytes) -> None:
    done = lvsboot("import", "-", stdin=GUIDE.encode() + rules)
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert done.stderr.startswith(b"<stdin>:4:")


def test_what_is_not_expressed_is_not_said_for_ever() -> None:
    rules = "".join(f"-A -f {mark} -s rr -b flag-3\n" for mark in range(1, 1_102))
    done = lvsboot("import", "-", stdin=rules.encode())
    said = done.stderr.decode().splitlines()
    assert len(said) == 1_001
    assert said[-1] == "lvsboot: <stdin>: left out: 101 more"


def test_the_last_line_counts_the_services_that_are_left_out(tmp_path: Path) -> None:
    place = tmp_path / "rules"
    place.write_text(f"{GUIDE}-A -t 192.0.2.1:80 -s wcl\n-A -t 192.0.2.1:81 -s absent\n", "utf-8")
    done = lvsboot("import", place)
    said = done.stderr.decode().splitlines()
    assert done.returncode == Exit.DONE
    assert said == [
        f"lvsboot: {place}: left out: -t 192.0.2.1:80: 'wcl' is not a scheduler; "
        "did you mean 'wlc'?",
        f"lvsboot: {place}: left out: -t 192.0.2.1:81: 'absent' is not a scheduler",
        "lvsboot: 2 of 3 services left out: they are comments at the role's end",
    ]


def test_where_none_is_left_out_nothing_is_said() -> None:
    assert lvsboot("import", "-", stdin=GUIDE.encode()).stderr == b""
