"""`lvsboot cloud-init` for images without lvsboot: what is printed, and what is refused."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
import yaml

from lvsboot.errors import Exit
from tests.golden import REPOSITORY
from tests.unit.cli.test_cli import lvsboot
from tests.unit.render.user_data.test_text import content_of

ROLE = REPOSITORY / "examples/dr/rs1.yaml"
KEY = b"\xc6\x01\xff"  # one packet, a public key's
SOURCE = "https://apt.example.net stable main"


def write(folder: Path, name: str, content: bytes) -> Path:
    place = folder / name
    place.write_bytes(content)
    return place


def test_user_data_is_printed(tmp_path: Path) -> None:
    key = write(tmp_path, "key.asc", KEY)
    own = write(tmp_path, "own.yaml", b"#cloud-config\nusers: [default]\npackages: [htop]\n")
    done = lvsboot(
        "cloud-init", ROLE, "--package", "lvsboot", "--apt-source", SOURCE, "--apt-key", key,
        "--merge", own, "--for", "ec2",
    )  # fmt: skip
    assert done.returncode == Exit.DONE
    assert done.stdout.startswith(b"#cloud-config\n")
    value = yaml.safe_load(done.stdout)
    files = {entry["path"]: content_of(entry) for entry in value["write_files"]}
    assert files["/etc/lvs/role.yaml"] == ROLE.read_bytes()
    assert files["/etc/apt/keyrings/lvsboot.gpg"] == KEY
    assert (value["users"], value["packages"]) == (["default"], ["lvsboot", "htop"])
    size = f"user-data has {len(done.stdout):,} bytes: EC2 takes at most 16,384\n"
    assert done.stderr.startswith(f"lvsboot: {size}".encode())


def test_the_folder_holds_the_same(tmp_path: Path) -> None:
    words = ("cloud-init", ROLE, "--package", "lvsboot")
    printed = lvsboot(*words).stdout
    lvsboot(*words, "-o", tmp_path, "--for", "nocloud")
    assert (tmp_path / "user-data").read_bytes() == printed


def test_a_seed_with_a_persons_own_cloud_config_is_theirs_to_read(tmp_path: Path) -> None:
    """It may have passwords in it."""
    own = write(tmp_path, "own.yaml", b"#cloud-config\npassword: hunter2\n")
    seed = tmp_path / "seed"
    assert lvsboot("cloud-init", ROLE, "--merge", own, "-o", seed).returncode == Exit.DONE
    assert {place.stat().st_mode & 0o777 for place in seed.iterdir()} == {0o600}
    assert lvsboot("cloud-init", ROLE, "-o", seed).returncode == Exit.DONE
    assert {place.stat().st_mode & 0o777 for place in seed.iterdir()} == {0o644}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--package", "lvsboot", "--embed", "a.deb"], "two ways"),
        (["--package", "not a name"], "neither"),
        (["--package", "http://example.net/a.deb"], "over http"),
        (["--apt-source", SOURCE], "name the package"),
        (["--apt-key", "key.asc"], "name the package"),
        (["--embed", "a.deb", "--apt-source", SOURCE], "name the package"),
        (["--package", "https://example.net/a.deb", "--apt-source", SOURCE], "name the package"),
        (["--package", "lvsboot", "--apt-source", SOURCE], "public key"),
        (["--package", "lvsboot", "--apt-key", "key.asc"], "--apt-source"),
        (["--for", "ec2", "-o", "."], "without -o"),
        (["--for", "gcp"], "invalid choice"),
    ],
)
def test_options_that_do_not_go_together(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "key.asc", KEY)
    monkeypatch.chdir(tmp_path)
    done = lvsboot("cloud-init", ROLE, *words)
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert message in done.stderr.decode()
    assert [place.name for place in tmp_path.iterdir()] == ["key.asc"]


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--merge", None, "cannot read the cloud-config"),
        ("--merge", b"#!/bin/sh\n", "a script"),
        ("--merge", b"#cloud-config\nhostname: web\n", "hostname: the role's user-data has rs1"),
        ("--apt-key", None, "cannot read the repository's key"),
        ("--apt-key", b"ssh-ed25519 A", "no OpenPGP public key"),
        ("--apt-key", KEY + b"\xc5\x01\xff", "a private key"),
        ("--apt-key", b"x" * 300_000, "more than"),
        ("--embed", None, "cannot read the package"),
        ("--embed", b"PK", "not a Debian package"),
    ],
)
def test_a_file_that_is_another(
    option: str, content: bytes | None, message: str, tmp_path: Path
) -> None:
    place = tmp_path / "file"
    if content is not None:
        place.write_bytes(content)
    source = ("--package", "lvsboot", "--apt-source", SOURCE) if option == "--apt-key" else ()
    done = lvsboot("cloud-init", ROLE, *source, option, place, "-o", tmp_path / "seed")
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    assert done.stderr.startswith(f"{place}:".encode())
    assert message in done.stderr.decode()
    assert not (tmp_path / "seed").exists()


def too_large(hint: str) -> tuple[bytes, str]:
    """A comment that compresses, or one that does not, for a cloud-config."""
    text = "a" * 20_000 if hint == "gzip" else secrets.token_hex(40_000)
    return f"#cloud-config\nfinal_message: {text}\n".encode(), hint


@pytest.mark.parametrize("hint", ["gzip", "#include"])
def test_what_is_too_large_is_refused_with_what_would_help(hint: str, tmp_path: Path) -> None:
    content, word = too_large(hint)
    own = write(tmp_path, "own.yaml", content)
    done = lvsboot("cloud-init", ROLE, "--merge", own, "--for", "ec2")
    assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
    said = done.stderr.decode()
    assert said.startswith(f"{ROLE}:1:1: error: user-data has ")
    assert "EC2 takes at most 16,384" in said
    assert word in said


@pytest.mark.long
def test_a_role_alone_may_be_too_large(tmp_path: Path) -> None:
    role = write(
        tmp_path, "role.yaml", ROLE.read_bytes() + f"# {secrets.token_hex(60_000)}".encode()
    )
    for target in ("ec2", "azure", "openstack"):
        done = lvsboot("cloud-init", role, "--for", target)
        assert (done.returncode, done.stdout) == (Exit.BAD_INPUT, b"")
        assert b"put the role into the image" in done.stderr
    assert lvsboot("cloud-init", role, "--for", "nocloud").returncode == Exit.DONE
