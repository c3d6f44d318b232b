"""Which cloud a host runs on, by its DMI tables in sysfs, and what dr and tun need there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path("/sys/class/dmi/id")
_FIELDS = ("sys_vendor", "product_name", "chassis_asset_tag", "bios_vendor")
# Azure's virtual machines have Hyper-V's vendor, and this tag of their own.
_AZURE = "7783-7084-3265-9085-8269-3286-77"
_CLOUDS = {
    "Amazon EC2": "switch off the source/destination check of the director's and real servers' "
    "network interfaces",
    "Google Compute Engine": "set canIpForward on the director and the real servers",
    _AZURE: "enable IP forwarding on the director's and the real servers' network interfaces",
    "OpenStack Nova": "add the VIP to the allowed address pairs of the director's and the real "
    "servers' ports",
    "DigitalOcean": "give the VIP to the director as a reserved address",
    "Hetzner": "give the VIP to the director as a floating or alias address",
    "Alibaba Cloud": "give the VIP to the director as a secondary address",
    "OracleCloud.com": "switch off the source/destination check of the virtual network interfaces",
}
_NAMES = {_AZURE: "Microsoft Azure", "OracleCloud.com": "Oracle Cloud"}


def read_dmi(folder: Path = _FOLDER) -> dict[str, str]:
    """The fields that any user may read; without those that the host does not have."""
    found = {}
    for field in _FIELDS:
        try:
            found[field] = (folder / field).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
    return found


def platform_hint(dmi: Mapping[str, str]) -> tuple[str, str] | None:
    """The cloud's name and what to set there; None where DMI names none that is known."""
    for mark, advice in _CLOUDS.items():
        if any(mark in text for text in dmi.values()):
            return _NAMES.get(mark, mark), advice
    return None
