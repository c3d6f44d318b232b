"""Packages built by dpkg-deb, whole and spoilt."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lvsboot.render.user_data.deb import deb_error

UNIT = "usr/lib/systemd/system/lvs-provision.service"


def package(
    folder: Path, *options: str, unit: str = UNIT, name: str = "lvsboot", architecture: str = "all"
) -> bytes:
    tree = folder / "tree"
    control = f"Package: {name}\nVersion: 1\nArchitecture: {architecture}\nMaintainer: a\n"
    for path, text in {
        "DEBIAN/control": f"{control}Description: a\n Package: b\n",
        unit: "[Unit]\n",
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")
    target = folder / "a.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", *options, "--build", tree, target],
        check=True, capture_output=True,
    )  # fmt: skip
    return target.read_bytes()


@pytest.mark.native("dpkg-deb")
@pytest.mark.parametrize("compression", ["xz", "gzip", "none"])
def test_lvsboots_package(tmp_path: Path, compression: str) -> None:
    content = package(tmp_path, f"-Z{compression}")
    assert deb_error(content) is None
    data = content.index(b"`\n", content.index(b"data.tar")) + 2
    assert "cut off" in str(deb_error(content[: data + 10]))
    spoilt = content[:data] + b"x" * 40 + content[data + 40 :]
    assert "damaged" in str(deb_error(spoilt))


@pytest.mark.native("dpkg-deb")
def test_another_package(tmp_path: Path) -> None:
    assert "it is not lvsboot's" in str(deb_error(package(tmp_path, unit="usr/share/a")))


@pytest.mark.native("dpkg-deb")
def test_another_name(tmp_path: Path) -> None:
    assert "the package keepalived, not" in str(deb_error(package(tmp_path, name="keepalived")))


@pytest.mark.native("dpkg-deb")
def test_one_architecture(tmp_path: Path) -> None:
    assert "for arm64 alone" in str(deb_error(package(tmp_path, architecture="arm64")))


@pytest.mark.native("dpkg-deb")
@pytest.mark.parametrize("options", [("-Zzstd",), ("-Zzstd", "--no-uniform-compression")])
def test_one_that_cannot_be_looked_into_is_refused(tmp_path: Path, options: tuple[str]) -> None:
    assert "build it with xz" in str(deb_error(package(tmp_path, *options)))


@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4", b"!<arch>\n", b"!<arch>\n" + b"x" * 59, b"!<arch>\n" + b"x" * 60]
)
def test_no_package(content: bytes) -> None:
    assert deb_error(content) == "this is not a Debian package"
