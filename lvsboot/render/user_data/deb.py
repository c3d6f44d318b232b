"""Looks into a Debian package's bytes: whether it is one, and lvsboot's. Pure."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator, Mapping

MAX_BYTES = 32 * 1024 * 1024
MAX_CONTROL = 64 * 1024
NAME = "lvsboot"
_AR, _HEADER = b"!<arch>\n", 60  # ar(5)
# What applies the role: a package without it installs, and nothing happens.
UNIT = "lvs-provision.service"
_COMPRESSIONS = {"", ".gz", ".xz"}


class _UnreadableError(Exception):
    """Why the package cannot be looked into."""


def deb_error(content: bytes) -> str | None:
    """Why the content is not lvsboot's package for any machine; None where it is."""
    members = dict(_members(content))
    if "debian-binary" not in members:
        return "this is not a Debian package"
    try:
        with _archive(members, "control.tar") as archive:
            fields = _fields(archive)
        with _archive(members, "data.tar") as archive:
            names = archive.getnames()
    except _UnreadableError as error:
        return str(error)
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, OSError):
        return "this Debian package is damaged: build or download it again"
    if fields.get("package") != NAME:
        return f"this is the package {fields.get('package') or 'of no name'}, not {NAME}"
    if fields.get("architecture") != "all":
        return (
            f"this package is for {fields.get('architecture') or 'no architecture'} alone, "
            "and lvsboot's for all"
        )
    if not any(name.endswith(f"/{UNIT}") for name in names):
        return f"this package has no {UNIT}: it is not lvsboot's"
    return None


def _archive(members: Mapping[str, bytes], name: str) -> tarfile.TarFile:
    """The tar archive with this name before its compression's ending."""
    found = next((member for member in members if member.startswith(name)), None)
    if found is None:
        raise _UnreadableError("this Debian package is cut off: build or download it again")
    if found.removeprefix(name) not in _COMPRESSIONS:
        # Python below 3.14 cannot decompress zstd, the default of Ubuntu's dpkg-deb.
        raise _UnreadableError(
            f"this package has a {found}, which lvsboot cannot look into: build it with xz, as "
            "`make deb` does"
        )
    return tarfile.open(fileobj=io.BytesIO(members[found]))


def _fields(control: tarfile.TarFile) -> dict[str, str]:
    """The control file's fields of one line, by their names in small letters."""
    file = next((entry for entry in control if entry.name.removeprefix("./") == "control"), None)
    stream = None if file is None or file.size > MAX_CONTROL else control.extractfile(file)
    text = "" if stream is None else stream.read().decode("utf-8", "replace")
    pairs = (line.partition(":") for line in text.split("\n") if not line.startswith((" ", "\t")))
    return {name.strip().lower(): value.strip() for name, _colon, value in pairs}


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
