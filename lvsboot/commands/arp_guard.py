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
    """Returns where the host keeps silent; HostError with what is in the way.

    Both the settings that are in force and those that sysctl.d would put in force must be right:
    the next `sysctl --system` makes the ones of the others. What cannot be read or understood
    counts as open.
    """
    if (reason := opening_reason(repair=True)) is None:
        return
    sentence = printable_line(
        f"this host would answer or announce ARP for its VIPs, or cannot be seen not to: {reason}. "
        "No VIP comes up before that is fixed: take the setting out where it is made, or let "
        "`lvsboot apply` write what no file sets; then `sysctl --system` and "
        "`systemctl restart lvs`"
    )
    _tell_journal(sentence)
    raise HostError(sentence)


def opening_reason(*, repair: bool = False) -> str | None:
    """Why the host could be heard, or cannot be seen to be silent; None where it is silent.

    With repair=True settings that another hand has made are set right where the files allow it.
    """
    try:
        devices = live_devices()
    except OSError as error:
        return f"{_PROC}/{FOLDER} cannot be listed: {error.strerror}"
    if reason := files_reason(read_sysctl_files(_HOST), devices):
        return reason
    opening = _live(devices)
    if opening is not None and repair:
        # Somebody's hand, or another program. What the files say is right, and ours is among them.
        run([_SYSTEMD_SYSCTL, paths.SYSCTL])
        opening = _live(live_devices())
    return None if opening is None else opening.sentence


def files_reason(files: SysctlFiles, devices: list[str]) -> str | None:
    """What in the files would open the host, or could; None where nothing does."""
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
    """Puts the sentence where `systemctl status lvs` shows it, too: systemd.journal-fields(7)."""
    fields = ("SYSLOG_IDENTIFIER=lvsboot", "OBJECT_SYSTEMD_UNIT=lvs.service", "PRIORITY=3")
    message = "\n".join((f"MESSAGE={sentence}", *fields, ""))
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
            journal.sendto(message.encode("utf-8", "replace"), _JOURNAL)
    except OSError:
        return  # no journal: standard error has it
