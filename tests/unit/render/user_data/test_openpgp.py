"""Keys as gpg writes them, and files in which a private one hides behind a public one."""

from __future__ import annotations

import shutil
import subprocess
import time
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.render.user_data.openpgp import KeyFileError, public_keys

# Packets as RFC 9580, section 4.2 has them: in the new form and the old, with all lengths.
PUBLIC = b"\xc6\x02ab"
USER, SIGNATURE, SUBKEY = b"\xb4\x01u", b"\x89\x00\x01s", b"\x9a\x00\x00\x00\x01k"
SECRET, OLD_SECRET, SECRET_SUBKEY = b"\xc5\x01x", b"\x95\x00\x01x", b"\x9d\x00\x01x"
LONG = b"\xc2\xc0\x00" + b"s" * 192 + b"\xc2\xff\0\0\0\2ss"


def armored(packets: bytes, kind: str = "PUBLIC KEY BLOCK", headers: str = "") -> bytes:
    text = b64encode(packets).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    block = f"-----BEGIN PGP {kind}-----\n{headers}\n{lines}\n=AAAA\n-----END PGP {kind}-----\n"
    return block.encode()


def reason(content: bytes) -> str:
    with pytest.raises(KeyFileError) as caught:
        public_keys(content)
    return str(caught.value)


@pytest.mark.parametrize(
    "keys", [PUBLIC, PUBLIC + USER + SIGNATURE + SUBKEY, PUBLIC + LONG, PUBLIC + PUBLIC]
)
def test_public_keys(keys: bytes) -> None:
    assert public_keys(keys) == keys
    assert public_keys(armored(keys)) == keys
    text = b"A comment.\n" + armored(keys, headers="Version: 1\n")
    assert public_keys(text.replace(b"\n", b"\r\n") + armored(PUBLIC)) == keys + PUBLIC


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET, SECRET_SUBKEY])
@pytest.mark.parametrize("before", [b"", PUBLIC, PUBLIC + USER + SIGNATURE + SUBKEY, PUBLIC + LONG])
def test_a_private_key_anywhere(before: bytes, secret: bytes) -> None:
    assert "a private key" in reason(before + secret)
    assert "a private key" in reason(before + secret + PUBLIC)
    assert "a private key" in reason(armored(before + secret))
    assert "a private key" in reason(armored(PUBLIC) + armored(before + secret))


@pytest.mark.parametrize(
    "kind", ["PGP PRIVATE KEY BLOCK", "OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "PRIVATE KEY"]
)
def test_a_private_key_of_another_kind_beside_the_public_one(kind: str) -> None:
    assert "a private key" in reason(armored(PUBLIC) + f"-----BEGIN {kind}-----\n".encode())


def test_nothing_but_the_keys_is_taken() -> None:
    assert public_keys(b"password: a\n" + armored(PUBLIC) + b"token: b\n") == PUBLIC


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no OpenPGP public key"),
        (b"ssh-ed25519 AAAA", "no OpenPGP public key"),
        (armored(SIGNATURE, "SIGNATURE"), "no OpenPGP public key"),
        (armored(PUBLIC) + armored(SIGNATURE, "SIGNATURE"), "no OpenPGP public key"),
        (SIGNATURE, "no OpenPGP public key"),
        (USER + PUBLIC, "no OpenPGP public key"),
        (PUBLIC + b"\xcb\x01d", "no OpenPGP public key"),  # literal data
        (b"\xc6\x00", "cut off"),
        (b"\x98\x00" + USER, "cut off"),
        (PUBLIC + b"\xc6\x00", "cut off"),
        (PUBLIC[:-1], "cut off"),
        (PUBLIC[:1], "cut off"),
        (PUBLIC + SECRET[:-1], "cut off"),
        (b"\xc6\xe1a", "cut off"),  # a length in parts
        (b"\x9ba", "cut off"),  # of no length
        (b"\xc6\xffaa", "cut off"),
        (PUBLIC + b"x", "cut off"),
        (armored(PUBLIC).replace(b"\n\n", b"\n\n!"), "cut off"),
        (armored(PUBLIC)[:-20], "cut off"),
        (armored(PUBLIC) + armored(PUBLIC)[:-20], "cut off"),
    ],
)
def test_what_is_no_repositorys_key(content: bytes, message: str) -> None:
    assert message in reason(content)


@pytest.mark.parametrize("line", [b"-----BEGIN PGP A-----\n", b"-----BEGIN PGP A B-----\na\n"])
def test_many_blocks_without_an_end_take_no_longer_than_one(line: bytes) -> None:
    started = time.process_time()
    assert "no OpenPGP public key" in reason(line * (256 * 1024 // len(line)))
    assert time.process_time() - started < 1


@given(st.binary(max_size=40))
def test_any_bytes_are_keys_or_refused(content: bytes) -> None:
    for text in (content, PUBLIC + content, armored(content)):
        try:
            keys = public_keys(text)
        except KeyFileError:
            continue
        assert keys[0] in {0x98, 0x99, 0x9A, 0xC6}


@pytest.mark.skipif(shutil.which("gpg") is None, reason="needs gpg")
def test_keys_as_gpg_writes_them(tmp_path: Path) -> None:
    def gpg(*words: str) -> bytes:
        options = ("--homedir", str(tmp_path), "--batch", "--passphrase", "", "--quiet")
        return subprocess.run(["gpg", *options, *words], check=True, capture_output=True).stdout

    tmp_path.chmod(0o700)
    gpg("--quick-generate-key", "lab@example.net", "ed25519", "sign")
    try:
        public, secret = gpg("--export"), gpg("--export-secret-keys")
        assert public_keys(public) == public_keys(gpg("--export", "--armor")) == public
        assert "private" in reason(secret)
        assert "private" in reason(gpg("--export-secret-keys", "--armor"))
        assert "private" in reason(public + secret)
        assert "private" in reason(armored(public + secret))
    finally:
        subprocess.run(["gpgconf", "--homedir", tmp_path, "--kill", "all"], check=True)
