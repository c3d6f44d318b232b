"""Facts about a host or an unpacked image, read from its files. Changes nothing."""

from __future__ import annotations

from pathlib import Path

from lvsboot.errors import HostError
from lvsboot.model import Backend, Role
from lvsboot.rooted import under

# Where cloud-init's renderers leave their work: netplan, networkd, ifupdown, NetworkManager.
_CLOUD_INIT_NETWORK = (
    ("/etc/netplan", "50-cloud-init.yaml"),
    ("/etc/systemd/network", "10-cloud-init-*.network"),
    ("/etc/network/interfaces.d", "50-cloud-init*"),
    ("/etc/NetworkManager/system-connections", "cloud-init-*.nmconnection"),
)
_NETWORKD_ENABLED = (
    "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
    "/etc/systemd/system/sysinit.target.wants/systemd-networkd.service",
)


def backend_in_force(role: Role, root: Path) -> Backend:
    """The role's backend with `auto` resolved against `root`; HostError where it cannot be."""
    if role.network is None:
        return Backend.EXTERNAL
    if role.network.backend is not Backend.AUTO:
        return role.network.backend
    if _cloud_init_configured(root):
        return Backend.EXTERNAL
    if any(under(root, path).is_symlink() for path in _NETWORKD_ENABLED):
        return Backend.NETWORKD
    raise HostError(
        f"no network backend that lvsboot knows is in use below {root}: enable systemd-networkd, "
        "or say network.backend: networkd or external in the role"
    )


def _cloud_init_configured(root: Path) -> bool:
    return any(
        any(under(root, f"{directory}/x").parent.glob(pattern))
        for directory, pattern in _CLOUD_INIT_NETWORK
    )
