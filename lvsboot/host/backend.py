"""Detects which network backend a host or an unpacked image uses. Changes nothing."""

from __future__ import annotations

from pathlib import Path

from lvsboot.errors import HostError
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.install.manifest import moved_aside
from lvsboot.install.root_folder import RootFolder
from lvsboot.role.model import Backend, Role

_SAY_IT = (
    "say it in the role: network.backend: networkd, netplan, ifupdown or external "
    "(or, for a look, by --backend of render and plan)"
)


def holds_system(root: Path) -> bool:
    """Whether `root` holds a system: programs, or their libraries."""
    with RootFolder(root) as folder:
        return any(folder.exists(f"/{name}") for name in ("usr", "bin", "sbin", "lib"))


def with_backend(role: Role, backend: Backend | None) -> Role:
    """The role with `backend` in place of its network.backend.

    The same role where `backend` is None, or where the role has no `network`.
    """
    if backend is None or role.network is None:
        return role
    return role._replace(network=role.network._replace(backend=backend))


def backend_in_force(role: Role, root: Path) -> Backend:
    """The role's backend with `auto` resolved against `root`; HostError where it cannot be.

    Where there is no system it is networkd, which every Debian has.
    """
    if role.network is None:
        return Backend.EXTERNAL
    if role.network.backend is not Backend.AUTO:
        return role.network.backend
    network = NetworkFiles(root)
    # Files set aside count as cloud-init's: an earlier role must not change the answer.
    if network.cloud_init_files() or moved_aside(root):
        return Backend.EXTERNAL
    for backends in (_with_files(network), _enabled(network)):
        if len(backends) > 1:
            names = " and ".join(backend.value for backend in backends)
            raise HostError(f"{names} are both in use below {root}: {_SAY_IT}")
        if backends:
            return backends[0]
    if network.is_enabled("NetworkManager.service"):
        raise HostError(
            f"NetworkManager is in use below {root}, and lvsboot does not write its files: "
            "let it configure the NICs, and say so in the role: network.backend: external"
        )
    if not holds_system(root):
        return Backend.NETWORKD
    raise HostError(f"no network backend is in use below {root}: enable one, or {_SAY_IT}")


def _with_files(network: NetworkFiles) -> list[Backend]:
    """Backends that a boot starts and whose files configure a NIC."""
    found = []
    if any(device is not None for _text, device in network.netplan_devices()):
        found.append(Backend.NETPLAN)
    if network.is_enabled("networking.service") and any(
        stanza.name != "lo" for _text, file in network.ifupdown_files() for stanza in file.stanzas
    ):
        found.append(Backend.IFUPDOWN)
    if network.is_enabled("systemd-networkd.service") and any(
        text.path.startswith("/etc/") for text, _match in network.networkd_files()
    ):
        found.append(Backend.NETWORKD)
    return found


def _enabled(network: NetworkFiles) -> list[Backend]:
    """Backends that a boot starts, with or without files."""
    units = {
        "networking.service": Backend.IFUPDOWN,
        "systemd-networkd.service": Backend.NETWORKD,
    }
    found = [backend for unit, backend in units.items() if network.is_enabled(unit)]
    # netplan is no service: it makes files for networkd, which then may be enabled as well.
    if network.has_netplan():
        found = [
            Backend.NETPLAN,
            *(backend for backend in found if backend is not Backend.NETWORKD),
        ]
    return found
