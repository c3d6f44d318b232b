"""Looks into a Debian package's bytes: whether it is one, and lvsboot's. Pure."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator

MAX_BYTES = 32 * 1024 * 1024
_AR, _HEADER = b"!<arch>\n", 60  # ar(5)
# What applies the role: a package without it installs, and nothing happens.
UNIT = "lvs-provision.service"


def deb_error(content: bytes) -> str | None:
    """Why the content is not lvsboot's package; None also where it is compressed by zstd.

    Python below 3.14 cannot decompress that.
    """
    members = dict(_members(content))
    if "debian-binary" not in members:
        return "this is not a Debian package"
    data = next((name for name in members if name.startswith("data.tar")), None)
    if data is None:
        return "this Debian package is cut off: build or download it again"
    if data not in {"data.tar", "data.tar.gz", "data.tar.xz"}:
        return None
    try:
        with tarfile.open(fileobj=io.BytesIO(members[data])) as archive:
            names = archive.getnames()
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, OSError):
        return "this Debian package is damaged: build or download it again"
    if not any(name.endswith(f"/{UNIT}") for name in names):
        return f"this package has no {UNIT}: it is not lvsboot's"
    return None


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
