"""The kernel parameters that follow from a role, besides its own `sysctl`. Pure."""

from __future__ import annotations

from lvsboot.ipvs.table import Family, ForwardingMethod
from lvsboot.role.model import Director, Nic, RealServer, Role
from lvsboot.role.tunnels import tunnel_devices


def derived_sysctls(role: Role) -> dict[str, str]:
    """Parameter to value in the order in which they must be written.

    Names are sysctl.d's: dots between the parts, a slash for a dot inside an interface's name.
    """
    match role.kind:
        case Director() as director:
            tuning = {f"net.ipv4.vs.{key}": value for key, value in director.tuning.items()}
            return {**_forwarding(role), **_no_redirects(director, role), **tuning}
        case RealServer(method=ForwardingMethod.NAT):
            return {}
        case RealServer() as real_server:
            return {**_silent_arp(), **_any_source(real_server)}


def forwarded_families(role: Role) -> frozenset[Family]:
    """The families that the director routes: with nat, answers pass through it."""
    if not isinstance(role.kind, Director):
        return frozenset()
    return frozenset(
        service.family
        for service in role.kind.services
        for destination in service.destinations
        if destination.method is ForwardingMethod.NAT
    )


def accepts_advertisements(nic: Nic, *, forwards: bool) -> bool | None:
    """Whether the NIC accepts IPv6 router advertisements; None leaves the kernel's default.

    DHCPv6 gives no route, so it needs them; a gateway6 is to be the only default route. A host
    that forwards ignores them by default.
    """
    if nic.has_dhcp(6):
        return True
    if nic.gateway6 is not None:
        return False
    return True if forwards else None


def _forwarding(role: Role) -> dict[str, str]:
    families = forwarded_families(role)
    settings = {}
    if Family.IPV4 in families:
        # First: a change of ip_forward resets other parameters of every interface.
        settings["net.ipv4.ip_forward"] = "1"
    if Family.IPV6 in families:
        settings["net.ipv6.conf.all.forwarding"] = "1"
        # Forwarding turns router advertisements off; 2 accepts them nevertheless. The kernel reads
        # each interface's own value; default is for interfaces that appear later.
        listening = [
            _device(nic.name) for nic in role.nics if accepts_advertisements(nic, forwards=True)
        ]
        for device in ("all", "default", *listening):
            settings[f"net.ipv6.conf.{device}.accept_ra"] = "2"
    return settings


def _no_redirects(director: Director, role: Role) -> dict[str, str]:
    """No redirects, which would lead a client around the director.

    The kernel sends them if either all or the interface allows it (IN_DEV_TX_REDIRECTS), so each
    interface is named; default is for those that appear later.
    """
    names = {nic.name for nic in role.nics} | {vip.interface for vip in director.vips} - {"lo"}
    devices = ["all", "default", *sorted(map(_device, names))]
    return {f"net.ipv4.conf.{device}.send_redirects": "0" for device in devices}


def _device(name: str) -> str:
    return name.replace(".", "/")


def _silent_arp() -> dict[str, str]:
    """A real server neither answers nor announces ARP for the VIPs that it holds on lo.

    The larger value of all and the interface is in force, so all would do. It is also set on
    every other device, later ones included: then the VIPs stay silent if all is set back.
    """
    return {
        f"net.ipv4.conf.{device}.{key}": value
        for key, value in (("arp_ignore", "1"), ("arp_announce", "2"))
        for device in ("all", "lo", "*")
    }


def _any_source(real_server: RealServer) -> dict[str, str]:
    """No rp_filter: packets from a tunnel come from clients, to whom no route leads through it.

    The larger value of all and the device is in force.
    """
    devices = [device.name for device in tunnel_devices(real_server, {4})]
    names = ["all", *devices] if devices else []
    return {f"net.ipv4.conf.{name}.rp_filter": "0" for name in names}
