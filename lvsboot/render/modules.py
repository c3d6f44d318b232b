"""The kernel modules that a role needs, loaded at boot before anything reads their parameters."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs.table import TunnelType
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.tunnels import tunnel_devices


def render_modules(role: Role) -> Iterator[File]:
    """modules-load.d, which is read before sysctl.d, and modprobe.d.

    net.ipv4.vs.* and the tunnels' own parameters exist only once their modules are loaded, and a
    sandboxed unit can load none.
    """
    if modules := needed_modules(role):
        yield File(paths.MODULES, "".join(f"{module}\n" for module in modules))
    kind = role.kind
    if isinstance(kind, Director) and kind.connection_table_bits is not None:
        bits = kind.connection_table_bits
        yield File(paths.MODPROBE, f"options ip_vs conn_tab_bits={bits}\n")


def needed_modules(role: Role) -> tuple[str, ...]:
    match role.kind:
        case Director() as director:
            return _ipvs_modules(director)
        case RealServer() as real_server:
            return _tunnel_modules(real_server)


def _ipvs_modules(director: Director) -> tuple[str, ...]:
    schedulers = {f"ip_vs_{service.scheduler}" for service in director.services}
    engines = {
        f"ip_vs_pe_{service.persistence.engine}"
        for service in director.services
        if service.persistence is not None and service.persistence.engine is not None
    }
    helpers = {f"ip_vs_{it.value}" for service in director.services for it in service.helpers}
    return ("ip_vs", *sorted(schedulers | engines | helpers))


def _tunnel_modules(real_server: RealServer) -> tuple[str, ...]:
    modules = {device.module for device in tunnel_devices(real_server)}
    if real_server.tunnel is not None and real_server.tunnel.type is TunnelType.GUE:
        modules.add("fou")
    return tuple(sorted(modules))
