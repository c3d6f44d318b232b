"""Whether the settings that are in force keep this host silent about the addresses on lo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lvsboot.errors import HostError

_CONF = Path("/proc/sys/net/ipv4/conf")
# Of arp_ignore, 1, 2 and 8 keep silent about other interfaces' addresses; of arp_announce only 2
# never names one as the sender. Larger is not stronger: the kernel takes what it does not know for
# 0 (arp_ignore(), arp_solicit()).
_SILENT = {"arp_ignore": ("1", "2", "8"), "arp_announce": ("2",)}
_NEEDED = {"arp_ignore": "1, 2 or 8", "arp_announce": "2"}


def live_opening() -> str | None:
    """What lets the host be heard now, or a NIC that comes later; None where it is silent."""
    for key in _SILENT:
        if (reason := opening_text(key, _read_values(key))) is not None:
            return reason
    return None


def opening_text(key: str, values: Mapping[str, str]) -> str | None:
    """`values` are those of `key` by device, `all` and `default` among them.

    The kernel goes by the larger of all's and the device's (IN_DEV_MAXCONF). lo's own decides for
    nobody: it has no ARP.
    """
    general = values["all"]
    for device, own in values.items():
        if device in {"all", "lo"}:
            continue
        by, value = (device, own) if int(own) > int(general) else ("all", general)
        if value not in _SILENT[key]:
            name = f"net.ipv4.conf.{by.replace('.', '/')}.{key}"
            return f"{name} is {value}, and decides for {device} (needs {_NEEDED[key]})"
    return None


def _read_values(key: str) -> dict[str, str]:
    values = {}
    try:
        for device in sorted(place.name for place in _CONF.iterdir()):
            try:
                values[device] = (_CONF / device / key).read_text(encoding="ascii").strip()
            except FileNotFoundError:
                continue  # a device that has gone
    except OSError as error:
        raise HostError(f"cannot read {error.filename}: {error.strerror}") from error
    return values
