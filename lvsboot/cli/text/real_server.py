"""Draws what a real server holds of its role, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from lvsboot.commands.real_server import (
    INTERFACE,
    DeviceState,
    RealServerState,
    TunnelState,
    VipState,
)
from lvsboot.system.printable import printable_line

_SILENT = "this host neither answers nor announces ARP for its VIPs"


def real_server_text(state: RealServerState) -> str:
    """The method, each VIP with its device, the tunnel, and what the ARP guard says."""
    lines = [f"real server, {state.method.value}"]
    if state.vips:
        width = max(len(str(vip.address)) for vip in state.vips)
        lines += [
            f"  {vip.address!s:<{width}}  {INTERFACE}  {_vip_words(vip)}" for vip in state.vips
        ]
    if state.tunnel is not None:
        lines.append(_tunnel_line(state.tunnel))
    if state.gateway is not None:
        is_default = "the" if state.gateway.is_default else "NOT the"
        lines.append(f"director {state.gateway.address}: {is_default} default gateway")
    if state.guarded:
        lines.append(
            f"ARP guard: {_SILENT if state.opening is None else printable_line(state.opening)}"
        )
    return "".join(f"{line}\n" for line in lines)


def _vip_words(vip: VipState) -> str:
    others = [interface for interface in vip.interfaces if interface != INTERFACE]
    words = "up" if INTERFACE in vip.interfaces else "MISSING"
    if others:
        words += f", and on {', '.join(others)}, where the host answers ARP for it"
    return words


def _tunnel_line(tunnel: TunnelState) -> str:
    end = tunnel.end
    port = f", port {end.port}" if end.port is not None else ""
    devices = ", ".join(f"{device.name} {_device_word(device)}" for device in tunnel.devices)
    return f"tunnel {end.type.value}{port}: {devices}"


def _device_word(device: DeviceState) -> str:
    if device.is_up is None:
        return "MISSING"
    return "up" if device.is_up else "DOWN"


def real_server_value(state: RealServerState) -> dict[str, object]:
    """The same as JSON's values."""
    tunnel, gateway = state.tunnel, state.gateway
    return {
        "method": state.method.value,
        "vips": [
            {
                "address": str(vip.address),
                "interface": INTERFACE,
                "present": INTERFACE in vip.interfaces,
                "elsewhere": [name for name in vip.interfaces if name != INTERFACE],
            }
            for vip in state.vips
        ],
        "tunnel": tunnel
        and {
            "type": tunnel.end.type.value,
            "port": tunnel.end.port,
            "devices": [
                {"name": name, "present": is_up is not None, "up": bool(is_up)}
                for name, is_up in tunnel.devices
            ],
        },
        "director": gateway
        and {"address": str(gateway.address), "default_gateway": gateway.is_default},
        "arp_guard": {"silent": state.opening is None, "reason": state.opening}
        if state.guarded
        else None,
        "as_the_role_says": state.is_right,
    }
