"""The verb credential: how hypervisors hand a role over as a credential of systemd."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from shlex import quote
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.role.reader import RoleFile
from lvsboot.system.printable import printable_line
from lvsboot.system.textfiles import Staged, encode

# systemd's CREDENTIAL_SIZE_MAX and CREDENTIALS_TOTAL_SIZE_MAX are both 1 MiB.
LONGEST = 1024 * 1024
# The length of all tables has 16 bits in SMBIOS 2's entry point, QEMU's default before version 9;
# some 1.5 KB are other tables'.
LONGEST_SMBIOS_2 = 65535 - 2048


class Way(NamedTuple):
    """`name` of the program and its way; `argument` as it is typed; `note` on its limits."""

    name: str
    argument: str
    note: str = ""


def oem_string(role_file: RoleFile) -> bytes:
    """The SMBIOS type 11 string. In base64: firmware tools change white space, which YAML needs."""
    return b"io.systemd.credential.binary:lvs.role=" + b64encode(encode(role_file.text))


def credential_ways(role_file: RoleFile, role: Path, smbios: Path | None) -> tuple[Way, ...]:
    """The arguments that hand over the file `role`, or its string in the file `smbios`.

    Both are absolute paths. Raises HostError for a role that is larger than systemd takes, and
    for a path that cannot be shown as it is.
    """
    for path in filter(None, (role, smbios)):
        _expect_printable(path)
    size = len(encode(role_file.text))
    if size > LONGEST:
        raise HostError(
            f"the role has {size} bytes, and systemd takes credentials of at most {LONGEST}: "
            "bake it into the image with `lvsboot render --root`"
        )
    fw_cfg = f"opt/io.systemd.credentials/{paths.CREDENTIAL}"
    entry = f"<entry name={quoteattr(fw_cfg)} file={quoteattr(str(role))}/>"
    load = f"--load-credential={quote(f'{paths.CREDENTIAL}:{role}')}"
    ways = [
        Way("QEMU, fw_cfg", f"-fw_cfg {quote(f'name={fw_cfg},file={_qemu(role)}')}"),
        Way("libvirt, in <domain>", f"<sysinfo type='fwcfg'>{entry}</sysinfo>"),
        Way("systemd-nspawn and systemd-vmspawn", load),
    ]
    if smbios is not None:
        note = ""
        if len(oem_string(role_file)) > LONGEST_SMBIOS_2:
            note = "a role of this size takes -machine smbios-entry-point-type=64"
        argument = f"-smbios {quote(f'type=11,path={_qemu(smbios)}')}"
        ways.insert(0, Way("QEMU, SMBIOS type 11", argument, note))
    return tuple(ways)


def write_oem_string(role_file: RoleFile, place: Path) -> None:
    """Raises HostError; a file that is there is replaced whole. No folder is made."""
    if not place.parent.is_dir():
        raise HostError(f"{place.parent} is not a directory: make it, or name another file")
    with Staged(str(place), oem_string(role_file)) as staged:
        staged.commit()


def _expect_printable(path: Path) -> None:
    """An escape in its place would name another file; and XML has no control characters at all."""
    if not str(path).isprintable():
        raise HostError(
            f"{printable_line(str(path))!r} has a character that cannot be shown: copy the file to "
            "a path without one"
        )


def _qemu(path: Path) -> str:
    """QEMU's options end at a comma, unless it is doubled."""
    return str(path).replace(",", ",,")
