"""Reads kernel parameters below /proc/sys. Changes nothing."""

from __future__ import annotations

from pathlib import Path

from lvsboot.system.os_errors import translate_os_errors

_PROC = Path("/proc/sys")


def read_sysctl(key: str, folder: Path = _PROC) -> str | None:
    """The value of a path below /proc/sys; None where there is none. Raises HostError."""
    place = folder / key
    with translate_os_errors("read", place):
        try:
            return place.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None


def udp_ports(proc: Path = Path("/proc/net")) -> frozenset[int]:
    """The UDP ports that sockets of this network namespace have, those of the kernel among them."""
    found = set[int]()
    for name in ("udp", "udp6"):
        try:
            lines = (proc / name).read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:
            continue
        found |= {int(line.split()[1].rpartition(":")[2], 16) for line in lines}
    return frozenset(found)
