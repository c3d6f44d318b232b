"""Packages built by dpkg-deb, whole and spoilt."""

from __future__ import annotations

import gzip
import lzma
import subprocess
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.render.user_data.deb import MAX_CONTROL_TAR, MAX_DATA_TAR, MAX_FILES, deb_error

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


def member(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"", link: str = "") -> bytes:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.linkname = kind, len(content), link
    return entry.tobuf() + content + bytes(-len(content) % 512)


def with_size(name: str, kind: bytes, size: int) -> bytes:
    """A header whose size is written in base 256, as GNU tar does above 8 GiB."""
    header = bytearray(member(name, kind))
    number = size.to_bytes(12, "big", signed=size < 0)
    header[124:136] = number if size < 0 else bytes([0x80, *number[1:]])
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def pax(record: str) -> bytes:
    length = next(n for n in range(6000) if n == len(f"{n} {record}\n"))
    return member("pax", tarfile.XHDTYPE, f"{length} {record}\n".encode())


END = bytes(1024)
CONTROL = member("./control", content=b"Package: lvsboot\nArchitecture: all\n")
DATA = member(f"./{UNIT}")


def deb(
    control: bytes = CONTROL + END, data: bytes = DATA + END, *, endings: tuple[str, str] = ("", "")
) -> bytes:
    """What dpkg-deb cannot be asked for: it builds no malformed package."""
    parts = {
        "debian-binary": b"2.0\n",
        f"control.tar{endings[0]}": control,
        f"data.tar{endings[1]}": data,
    }
    heads = {name: f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}" for name in parts}
    return b"!<arch>\n" + b"".join(
        f"{heads[name]}{len(part):<10}`\n".encode() + part + b"\n" * (len(part) % 2)
        for name, part in parts.items()
    )


def test_the_package_that_the_malformed_ones_are_made_of() -> None:
    assert deb_error(deb()) is None
    directory = member("./usr", tarfile.DIRTYPE)
    longer = member("././@LongLink", tarfile.GNUTYPE_LONGNAME, b"a" * 600)
    assert deb_error(deb(data=directory + longer + member("a") + DATA + END)) is None


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        with_size("a", tarfile.REGTYPE, 2**80) + END,
        with_size("a", tarfile.REGTYPE, -512) + END,
        with_size("././@LongLink", tarfile.GNUTYPE_LONGNAME, 2**40) + END,
        with_size("././@LongLink", tarfile.GNUTYPE_LONGNAME, -1024) + END,
        member("a")[:300],
        member("a", content=b"b" * 600)[:1024],
    ],
)
def test_a_malformed_archive(archive: bytes) -> None:
    assert "is damaged" in str(deb_error(deb(data=archive)))
    assert "is damaged" in str(deb_error(deb(archive)))


@pytest.mark.parametrize(
    "archive",
    [
        member("././@LongLink", tarfile.GNUTYPE_LONGNAME) * 1500,
        member("pax", tarfile.XHDTYPE) * 1500,
        pax("size=" + "9" * 30),
        pax("size=" + "9" * 5000),
        pax("GNU.sparse.size=x"),
        pax("GNU.sparse.map=1,x"),
        pax("mtime=nan"),
        member("pax", tarfile.XHDTYPE, b"1" * 500_000),
        member("a", tarfile.GNUTYPE_SPARSE),
    ],
)
def test_headers_that_say_more_of_the_next_one_are_not_read(archive: bytes) -> None:
    assert deb_error(deb(archive + CONTROL + END, archive + DATA + END)) is None


@pytest.mark.parametrize("link", ["big", "control", "nowhere"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_link_is_no_control_file(kind: bytes, link: str) -> None:
    big = member("big", content=b"Package: lvsboot\nArchitecture: all\n")
    control = big + member("control", kind, link=link) + END
    assert deb_error(deb(control)) == "this is the package of no name, not lvsboot"


@pytest.mark.parametrize("ending", [".xz", ".gz"])
def test_what_decompresses_to_more_than_any_package(ending: str) -> None:
    compress = gzip.compress if ending == ".gz" else lzma.compress
    bomb = compress(bytes(MAX_DATA_TAR + 512))
    tracemalloc.start()
    try:
        packages = deb(bomb, endings=(ending, "")), deb(data=bomb, endings=("", ending))
        reasons = [deb_error(package) for package in packages]
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    limits = [f"{MAX_CONTROL_TAR:,}", f"{MAX_DATA_TAR:,}"]
    for reason, limit in zip(reasons, limits, strict=True):
        assert f"more than {limit} bytes" in str(reason)
    assert peak < 3 * MAX_DATA_TAR
    cut = compress(CONTROL + END)[:-20]
    assert "is damaged" in str(deb_error(deb(cut, endings=(ending, ""))))


def test_more_files_than_any_package() -> None:
    data = lzma.compress(member("a") * (MAX_FILES + 1) + END, preset=0)
    assert "more than 10,000 files" in str(deb_error(deb(data=data, endings=("", ".xz"))))


@given(st.integers(0, len(CONTROL) - 1), st.binary(min_size=1, max_size=40), st.booleans())
def test_any_header_is_read_or_refused(start: int, noise: bytes, has_sum: bool) -> None:  # noqa: FBT001
    spoilt = bytearray(CONTROL)
    spoilt[start : start + len(noise)] = noise
    if has_sum:
        spoilt[148:156] = b" " * 8
        spoilt[148:156] = b"%06o\0 " % sum(spoilt[:512])
    for content in (deb(bytes(spoilt) + END), deb(data=bytes(spoilt) + DATA + END)):
        reason = deb_error(content)
        assert reason is None or "package" in reason
