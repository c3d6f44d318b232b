"""The kernel modules that a role needs, and ip_vs's module parameter."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.ipvs.table import TunnelType
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.tunnels import tunnel_devices


def render_modules(role: Role) -> Iterator[File]:
    """modules-load.d, which is read before sysctl.d, and modprobe.d.

    net.ipv4.vs.* and the tunnel devices' parameters exist only once their modules are loaded, and
    lvsboot's sandboxed units cannot load modules.
    """
    if modules := needed_modules(role):
        yield File(paths.MODULES, "".join(f"{module}\n" for module in modules))
    kind = role.kind
    if isinstance(kind, Director) and kind.connection_table_bits is not None:
        bits = kind.connection_table_bits
        yield File(paths.MODPROBE, f"options ip_vs conn_tab_bits={bits}\n")


def needed_modules(role: Role) -> tuple[str, ...]:
    modules = set()
    match role.kind:
        case Director(services=services):
            for service in services:
                modules.add(f"ip_vs_{service.scheduler}")
                modules.update(f"ip_vs_{helper.value}" for helper in service.helpers)
                if service.persistence is not None and service.persistence.engine is not None:
                    modules.add(f"ip_vs_pe_{service.persistence.engine}")
            modules.add("ip_vs")
        case RealServer(tunnel=tunnel) as real_server:
            modules.update(device.module for device in tunnel_devices(real_server))
            if tunnel is not None and tunnel.type is TunnelType.GUE:
                modules.add("fou")
    return tuple(sorted(modules))
