"""Looks into a Debian package's bytes: whether it is one, and lvsboot's. Pure."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Protocol

MAX_BYTES = 32 * 1024 * 1024
# Decompressed: lvsboot's has a hundredth of it.
MAX_CONTROL_TAR = 1024 * 1024
MAX_DATA_TAR = 64 * 1024 * 1024
MAX_FILES = 10_000
NAME = "lvsboot"
_AR, _HEADER = b"!<arch>\n", 60  # ar(5)
# What applies the role: a package without it installs, and nothing happens.
UNIT = "lvs-provision.service"
_GZIP = 31  # zlib.h, inflateInit2: windowBits of a gzip stream
_XZ_MEMORY = 128 * 1024 * 1024  # xz -9 takes half of it
# GNU's and POSIX's, whose content is more of the next header.
_LONGER_HEADERS = {
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
}  # fmt: skip
_DAMAGED = "this Debian package is damaged: build or download it again"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _UnreadableError(Exception):
    """Why the package cannot be looked into."""


def deb_error(content: bytes) -> str | None:
    """Why the content is not lvsboot's package for any machine; None where it is."""
    members = dict(_members(content))
    if "debian-binary" not in members:
        return "this is not a Debian package"
    try:
        fields = _fields(_archive(members, "control.tar", MAX_CONTROL_TAR))
        files = list(_files(_archive(members, "data.tar", MAX_DATA_TAR)))
    except _UnreadableError as error:
        return str(error)
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error):
        return _DAMAGED
    if fields.get("package") != NAME:
        return f"this is the package {fields.get('package') or 'of no name'}, not {NAME}"
    if fields.get("architecture") != "all":
        return (
            f"this package is for {fields.get('architecture') or 'no architecture'} alone, "
            "and lvsboot's for all"
        )
    if not any(entry.name.endswith(f"/{UNIT}") for entry, _content in files):
        return f"this package has no {UNIT}: it is not lvsboot's"
    return None


def _archive(members: Mapping[str, bytes], name: str, limit: int) -> bytes:
    """The tar archive with this name before its compression's ending, decompressed."""
    found = next((member for member in members if member.startswith(name)), None)
    if found is None:
        raise _UnreadableError("this Debian package is cut off: build or download it again")
    match found.removeprefix(name):
        case "":
            archive = members[found]
        case ".gz":
            archive = _decompressed(zlib.decompressobj(_GZIP), members[found], limit)
        case ".xz":
            decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
            archive = _decompressed(decompressor, members[found], limit)
        case _:
            # Python below 3.14 cannot decompress zstd, the default of Ubuntu's dpkg-deb.
            raise _UnreadableError(
                f"this package has a {found}, which lvsboot cannot look into: build it with xz, as "
                "`make deb` does"
            )
    if len(archive) > limit:
        raise _UnreadableError(f"the package's {found} has more than {limit:,} bytes in it")
    return archive


def _decompressed(decompressor: _Decompressor, content: bytes, limit: int) -> bytes:
    """Not more than `limit` bytes and one; EOFError where the content ends too early."""
    archive = decompressor.decompress(content, limit + 1)
    if not decompressor.eof and len(archive) <= limit:
        raise EOFError
    return archive


def _fields(archive: bytes) -> dict[str, str]:
    """The control file's fields of one line, by their names in small letters."""
    texts = (
        content
        for entry, content in _files(archive)
        if entry.isreg() and entry.name.removeprefix("./") == "control"
    )
    text = next(texts, b"").decode("utf-8", "replace")
    pairs = (line.partition(":") for line in text.split("\n") if not line.startswith((" ", "\t")))
    return {name.strip().lower(): value.strip() for name, _colon, value in pairs}


def _files(archive: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Each header of a tar archive, with the content of a file; tarfile.TarError.

    Not by a TarFile, which also follows links and reads headers of longer names, and of sparse
    files: those recurse, and a malformed one raises what not. No name of ours is that long.
    """
    start = 0
    for _number in range(MAX_FILES):
        header = archive[start : start + tarfile.BLOCKSIZE]
        if header == bytes(tarfile.BLOCKSIZE):
            return
        entry = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        start += tarfile.BLOCKSIZE
        size = entry.size if entry.isreg() or entry.type not in tarfile.SUPPORTED_TYPES else 0
        if entry.type in _LONGER_HEADERS:
            size = entry.size
        if not 0 <= size <= len(archive) - start:
            raise tarfile.ReadError("a file goes past the end")
        yield entry, archive[start : start + size]
        start += -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    raise _UnreadableError(f"this package has more than {MAX_FILES:,} files in it")


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The archive's whole members by name, as deb(5) has them."""
    if not content.startswith(_AR):
        return
    start = len(_AR)
    while start + _HEADER <= len(content):
        header = content[start : start + _HEADER]
        digits = header[48:58].strip()
        start += _HEADER
        if not digits.isdigit() or start + int(digits) > len(content):
            return
        yield (
            header[:16].decode("ascii", "replace").rstrip(" /"),
            content[start : start + int(digits)],
        )
        start += int(digits) + int(digits) % 2
