"""What verify prints: lines for people, and JSON that its schema describes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from lvsboot.cli import main
from lvsboot.cli.text.verification import verification_text, verification_value
from lvsboot.commands.verify.results import failure, ok, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.commands.verify.verification import Verification
from lvsboot.errors import Exit
from tests.golden import REPOSITORY
from tests.images import complete_image

SCHEMA = json.loads((REPOSITORY / "schemas/verification.json").read_text(encoding="utf-8"))
FOUND = Verification(
    "director",
    (
        ok("role.valid", "it is"),
        failure("vip.present", "\x1b[2J is not on eth0", "it on eth0", "add it"),
        unseen("table.services", Unseen("may not", is_refused=True)),
    ),
)


def test_a_line_each_and_a_sum() -> None:
    assert verification_text(FOUND).splitlines() == [
        "ok       role.valid: it is",
        "failure  vip.present: \\x1b[2J is not on eth0",
        "         expected: it on eth0",
        "         fix: add it",
        "unknown  table.services: may not",
        "         fix: run `lvsboot verify` as root",
        "1 failure, 0 warnings, 1 unknown, 1 ok",
    ]


def test_colour_is_asked_for() -> None:
    assert "\x1b[31mfailure\x1b[0m  vip" in verification_text(FOUND, color=True)


def test_its_schema_describes_the_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(verification_value(FOUND), SCHEMA)
    assert verification_value(FOUND)["sum"] == {
        "ok": 1,
        "warning": 0,
        "failure": 1,
        "unknown": 1,
    }


@pytest.fixture
def image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    example = str(REPOSITORY / "examples/dr/director.yaml")
    assert main(["render", example, "--root", str(tmp_path), "--backend", "external"]) == 0
    capsys.readouterr()
    return tmp_path


def outcomes(image: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    status = main(["verify", "--root", str(image), "--backend", "external", "--json"])
    value = json.loads(capsys.readouterr().out)
    jsonschema.validate(value, SCHEMA)
    return status, {each["id"]: each["outcome"] for each in value["results"]}


def test_an_image(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = outcomes(image, capsys)
    assert (status, found["files.content"], found["units.enabled"]) == (Exit.DONE, "ok", "ok")
    (image / "etc/lvs/ipvs.rules").write_text("", encoding="utf-8")
    (image / "etc/systemd/system/sysinit.target.wants/lvs.service").unlink()
    status, found = outcomes(image, capsys)
    assert status == Exit.DIFFERS
    failed = {name for name, outcome in found.items() if outcome == "failure"}
    assert failed == {"files.content", "units.enabled"}


@pytest.mark.parametrize(
    ("applied", "current", "failed"),
    [
        (None, None, {"role.valid"}),
        (None, "version: 2\n", {"role.valid", "role.applied"}),
        ("same", "version: 2\n", {"role.valid", "role.applied"}),
        ("same", None, {"role.applied"}),
    ],
)
def test_a_role_that_is_missing_or_wrong(
    image: Path,
    capsys: pytest.CaptureFixture[str],
    applied: str | None,
    current: str | None,
    failed: set[str],
) -> None:
    for place, text in ((image / "var/lib/lvs/role.yaml", applied), (role(image), current)):
        if text is None:
            place.unlink()
        elif text != "same":
            place.write_text(text, encoding="utf-8")
    status, found = outcomes(image, capsys)
    assert status == Exit.DIFFERS
    assert {name for name, outcome in found.items() if outcome == "failure"} == failed
    assert ("files.content" in found) == (applied is not None)


def test_a_damaged_manifest(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (image / "var/lib/lvs/manifest.json").write_text("{", encoding="utf-8")
    status, found = outcomes(image, capsys)
    assert (status, found["files.content"]) == (Exit.DIFFERS, "failure")


@pytest.mark.parametrize("kind", ["folder", "sparse"])
def test_a_role_that_cannot_be_read(
    image: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    role(image).unlink()
    if kind == "folder":
        role(image).mkdir()
    else:
        role(image).touch()
        os.truncate(role(image), 65 << 20)
    status, found = outcomes(image, capsys)
    assert (status, found) == (Exit.DIFFERS, {"role.valid": "failure"})


@pytest.mark.parametrize("path", ["etc/lvs/role.yaml", "var/lib/lvs/role.yaml"])
def test_a_role_that_is_a_link(image: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    """Other checks compare with the one that is a file."""
    place = image / path
    place.rename(place.with_name("mine.yaml"))
    place.symlink_to("mine.yaml")
    status = main(["verify", "--root", str(image), "--backend", "external", "--json"])
    results = json.loads(capsys.readouterr().out)["results"]
    [applied] = [each for each in results if each["id"] == "role.applied"]
    assert (status, applied["outcome"]) == (Exit.DIFFERS, "failure")
    assert f"/{path} is a link to mine.yaml" in applied["seen"]
    assert {"role.valid", "files.content"} <= {each["id"] for each in results}


def test_both_roles_as_links(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in (role(image), image / "var/lib/lvs/role.yaml"):
        place.unlink()
        place.symlink_to("nowhere")
    status, found = outcomes(image, capsys)
    assert (status, found["role.valid"]) == (Exit.DIFFERS, "failure")
    assert "files.content" not in found


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("path", ["var/lib/lvs", "usr/lib/modules"])
def test_what_the_caller_may_not_see_is_unknown(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    complete_image(image)
    # What is imported late lies in folders that may be closed as well.
    assert outcomes(image, capsys)[0] == Exit.DONE
    (image / path).chmod(0o700)
    image.chmod(0o755)
    # By a path that goes through none of the folders above, which are the tests' user's own.
    monkeypatch.chdir(image)
    os.seteuid(65534)
    try:
        status, found = outcomes(Path(), capsys)
    finally:
        os.seteuid(0)
    assert status == Exit.DONE
    assert "unknown" in found.values()


def role(image: Path) -> Path:
    return image / "etc/lvs/role.yaml"
