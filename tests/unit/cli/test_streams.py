"""Standard streams that are closed, full or left by their reader: real ones, of real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvsboot.errors import Exit
from lvsboot.role.reader import parse_role
from tests.golden import REPOSITORY

ROLE = str(REPOSITORY / "examples/dr/director.yaml")
RULES = "# a remark\n-A -t 192.0.2.1:80 -s wlc\n"
CLOSED, FULL = "closed", "full"
FULL_OUTPUT = b"lvsboot: cannot write to standard output: No space left on device\n"
CLOSED_OUTPUT = b"lvsboot: cannot write to standard output: it is closed\n"
CLOSED_INPUT = b"lvsboot: cannot read standard input: it is closed\n"

# One interpreter for all: each case is a process of its own, forked with the streams that it says.
RUNNER = """\
import json, os, sys
import lvsboot.cli, lvsboot.cli.parser, lvsboot.cli.roles
import lvsboot.commands.plan, lvsboot.commands.roles
import lvsboot.cli.text.plan, lvsboot.cli.text.problems

def become(number, place):
    if place == "closed":
        os.close(number)
        return None
    opened = os.open("/dev/full" if place == "full" else place, os.O_RDWR | os.O_CREAT)
    os.dup2(opened, number)
    os.close(opened)
    return os.fdopen(number, "w" if number else "r", closefd=False)

for line in sys.stdin.read().splitlines():
    case = json.loads(line)
    child = os.fork()
    if child == 0:
        sys.argv = ["lvsboot", *case["words"]]
        names = ("stdin", "stdout", "stderr")
        streams = [become(number, place) for number, place in enumerate(case["streams"])]
        for name, stream in zip(names, streams):
            setattr(sys, name, stream)
        lvsboot.cli.run()
        os._exit(99)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Case:
    """The words, each stream (CLOSED, FULL, or a file's content), and the expected outcome."""

    words: str
    status: int
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    said: bytes = b""
    printed: bytes | None = b""

    @property
    def name(self) -> str:
        streams = zip(("stdin", "stdout", "stderr"), self.places, strict=True)
        changed = [f"{name} {place}" for name, place in streams if place in {CLOSED, FULL}]
        return ", ".join([self.words.replace(ROLE, "ROLE"), *changed])

    @property
    def places(self) -> tuple[str, str, str]:
        return self.stdin, self.stdout, self.stderr


BAD = "version: 2\n"
CASES = [
    # Whatever prints a result says that it is lost.
    *(
        Case(words, Exit.FAILED, stdout=stream, said=said, printed=None)
        for words in (
            "schema", "--version", "--help", "plan --help", f"validate {ROLE}",
            f"validate --json {ROLE}", f"plan {ROLE} --root EMPTY", f"cloud-init {ROLE} -o SEED",
        )
        for stream, said in ((FULL, FULL_OUTPUT), (CLOSED, CLOSED_OUTPUT))
    ),
    Case("import -", Exit.FAILED, stdin=RULES[11:], stdout=FULL, said=FULL_OUTPUT, printed=None),
    # Talk that is lost makes of a success a failure, and of a failure nothing else.
    Case(f"validate {ROLE}", Exit.DONE, stderr=CLOSED, printed=f"{ROLE}: valid\n".encode()),
    Case("validate -", Exit.BAD_INPUT, stdin=BAD, stderr=CLOSED),
    Case("validate -", Exit.BAD_INPUT, stdin=BAD, stderr=FULL),
    Case("valdate", Exit.USAGE, stderr=FULL),
    Case("", Exit.USAGE, stderr=CLOSED),
    Case("schema", Exit.FAILED, stdout=FULL, stderr=FULL),
    Case("schema", Exit.FAILED, stdin=CLOSED, stdout=CLOSED, stderr=CLOSED),
    # What cannot be read is not empty.
    *(
        Case(words, Exit.FAILED, stdin=CLOSED, said=CLOSED_INPUT)
        for words in ("validate -", "import -", "plan - --root EMPTY", "validate --json -")
    ),
    Case(f"validate {ROLE}", Exit.DONE, stdin=CLOSED, printed=f"{ROLE}: valid\n".encode()),
    Case("validate -", Exit.FAILED, CLOSED, CLOSED, "", said=CLOSED_INPUT),
]  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Case, tuple[int, bytes, bytes]]:
    """Each case's status, and what is on its standard output and error."""
    folder = tmp_path_factory.mktemp("streams")
    (folder / "empty/etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    (folder / "empty/etc/systemd/system/multi-user.target.wants/systemd-networkd.service").touch()
    lines = []
    for number, case in enumerate(CASES):
        places = []
        for stream, content in zip(("in", "out", "err"), case.places, strict=True):
            place = folder / f"{number}.{stream}"
            place.write_text("" if content in {CLOSED, FULL} else content, encoding="utf-8")
            places.append(content if content in {CLOSED, FULL} else str(place))
        words = case.words.replace("EMPTY", str(folder / "empty"))
        words = words.replace("SEED", str(folder / "seed"))
        lines.append(json.dumps({"words": words.split(), "streams": places}))
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input="\n".join(lines), capture_output=True, text=True, check=True, cwd=REPOSITORY,
    )  # fmt: skip
    return {
        case: (int(status), (folder / f"{n}.out").read_bytes(), (folder / f"{n}.err").read_bytes())
        for n, (case, status) in enumerate(zip(CASES, done.stdout.split(), strict=True))
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_stream_that_fails(case: Case, outcomes: Mapping[Case, tuple[int, bytes, bytes]]) -> None:
    status, printed, said = outcomes[case]
    assert status == case.status
    if case.stderr not in {CLOSED, FULL}:
        assert said.endswith(case.said)
        assert b"Traceback" not in said
    if case.stdout not in {CLOSED, FULL}:
        assert printed == case.printed


def lvsboot(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the script by sh, so that its redirections are a shell's."""
    return subprocess.run(
        ["sh", "-c", script.replace("lvsboot", f"{sys.executable} -m lvsboot")],
        capture_output=True, check=False, cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), **variables},
    )  # fmt: skip


def test_talk_that_has_no_stream_is_not_in_the_result(tmp_path: Path) -> None:
    """A file that is opened must not get the closed stream's number either."""
    # What a role file cannot say is told.
    rules = "-A -t 192.0.2.1:80 -s wlc -b flag-3\n"
    (tmp_path / "rules").write_text(rules, encoding="utf-8")
    done = lvsboot("lvsboot import rules 2>&- >role", tmp_path)
    assert done.returncode == Exit.FAILED
    result = (tmp_path / "role").read_bytes()
    assert b"left out:" not in result
    assert parse_role(result, "role").role.kind is not None
    assert (tmp_path / "rules").read_text(encoding="utf-8") == rules


def test_no_locale_makes_a_traceback_of_a_name(tmp_path: Path) -> None:
    role = tmp_path / "r\u00f6le\udcff.yaml"
    role.write_bytes(Path(ROLE).read_bytes())
    done = lvsboot("lvsboot validate r*", tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert done.stdout == "r\u00f6le\\xff.yaml: valid\n".encode()
