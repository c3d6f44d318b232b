"""The real server's guard: no VIP on lo while the host would answer or announce ARP for it."""

from __future__ import annotations

import socket
from pathlib import Path

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.host.sysctl_files import SysctlFiles, read_sysctl_files
from lvsboot.system.printable import printable_line
from lvsboot.system.programs import run
from lvsboot.system.sysctl.arp import FOLDER, Opening, live_opening, settings_openings

_HOST = Path("/")
_PROC = Path("/proc/sys")
_SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
_JOURNAL = "/run/systemd/journal/socket"
_MOST_NAMED = 5


def require_silence() -> None:
    """Raises HostError, with the reason, where the host would answer or announce ARP for a VIP.

    Checks the kernel's settings and those of sysctl.d, which the next `sysctl --system` puts in
    force. What cannot be read or understood counts as open.
    """
    if (reason := opening_reason(repair=True)) is None:
        return
    sentence = printable_line(
        f"this host would answer or announce ARP for its VIPs, or cannot be seen not to: {reason}. "
        "No VIP comes up before that is fixed: remove the setting where it is made, or let "
        "`lvsboot apply` write what no file sets; then `sysctl --system` and "
        "`systemctl restart lvs`"
    )
    _tell_journal(sentence)
    raise HostError(sentence)


def opening_reason(*, repair: bool = False) -> str | None:
    """Why the host could answer or announce ARP for a VIP; None where it does not.

    With repair=True our own file is applied first, where only the kernel's settings are wrong.
    """
    try:
        devices = live_devices()
    except OSError as error:
        return f"{_PROC}/{FOLDER} cannot be listed: {error.strerror}"
    if reason := files_reason(read_sysctl_files(_HOST), devices):
        return reason
    opening = _live(devices)
    if opening is not None and repair:
        # Set by hand or by another program: all files, ours among them, are right.
        run([_SYSTEMD_SYSCTL, paths.SYSCTL])
        opening = _live(live_devices())
    return None if opening is None else opening.sentence


def files_reason(files: SysctlFiles, devices: list[str]) -> str | None:
    """Which file would let the host answer or announce ARP, or could not be read; None for none."""
    if files.unread:
        named = ", ".join(str(unread) for unread in files.unread[:_MOST_NAMED])
        more = len(files.unread) - _MOST_NAMED
        return f"{named}{f', and {more} more' if more > 0 else ''}"
    for settings in files.readers:
        for opening in settings_openings(settings, devices):
            return opening.sentence
    return None


def live_devices() -> list[str]:
    return sorted(place.name for place in (_PROC / FOLDER).iterdir())


def _live(devices: list[str]) -> Opening | None:
    try:
        return live_opening(devices, _read)
    except OSError as error:
        return Opening(f"{error.filename} cannot be read: {error.strerror}")


def _read(key: str) -> str | None:
    try:
        return (_PROC / key).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None  # a device that has gone


def _tell_journal(sentence: str) -> None:
    """Logs the sentence for lvs.service, whose status shows it then: systemd.journal-fields(7)."""
    fields = ("SYSLOG_IDENTIFIER=lvsboot", "OBJECT_SYSTEMD_UNIT=lvs.service", "PRIORITY=3")
    message = "\n".join((f"MESSAGE={sentence}", *fields, ""))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.sendto(message.encode("utf-8", "replace"), _JOURNAL)
    except OSError:
        return  # no journal: standard error has it
