"""Checks that a backend is installed, and makes the links by which a boot starts it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lvsboot import paths
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.install.tree import Link
from lvsboot.role.model import Backend, Dhcp, Nic

_UNITS = "/usr/lib/systemd/system"
# What a unit's own [Install] section asks for, where lvsboot needs it.
_WANTED = {
    Backend.NETWORKD: (
        ("multi-user.target", "systemd-networkd.service"),
        ("network-online.target", "systemd-networkd-wait-online.service"),
    ),
    # netplan's generator enables networkd at each boot.
    Backend.NETPLAN: (),
    Backend.IFUPDOWN: (("multi-user.target", "networking.service"),),
}
_PROGRAMS = {
    Backend.NETWORKD: ("systemd", ("/usr/lib/systemd/systemd-networkd",)),
    Backend.NETPLAN: ("netplan.io", ("/usr/sbin/netplan",)),
    Backend.IFUPDOWN: ("ifupdown", ("/usr/sbin/ifup", "/sbin/ifup")),
}
_DHCP_CLIENTS = ("/usr/sbin/dhclient", "/usr/sbin/dhcpcd", "/usr/sbin/udhcpc", "/sbin/dhclient")


def enabling_links(
    backend: Backend, network: NetworkFiles, ours: Collection[str]
) -> Iterator[Link]:
    """The links missing for a boot to start `backend`; `ours` are paths that lvsboot wrote.

    A unit that is enabled already gets no link: a later role must not disable it.
    """
    for target, unit in _WANTED.get(backend, ()):
        path = f"{paths.UNITS}/{target}.wants/{unit}"
        if path in ours or not network.is_enabled(unit):
            yield Link(path, f"{_UNITS}/{unit}")


def installation_sentences(
    backend: Backend, nics: Iterable[Nic], network: NetworkFiles
) -> Iterator[str]:
    """What keeps `backend` from working below the root, and how to fix it."""
    if backend in _PROGRAMS:
        package, programs = _PROGRAMS[backend]
        if not network.has_program(*programs):
            yield (
                f"{programs[0]} does not exist below {network.root}: install {package}, "
                "or say another network.backend in the role"
            )
    for _target, unit in _WANTED.get(backend, ()):
        if network.is_masked(unit):
            yield f"{unit} is masked: systemctl unmask {unit}, or say another network.backend"
    asks = any(nic.dhcp is not Dhcp.NO for nic in nics)
    if backend is Backend.IFUPDOWN and asks and not network.has_program(*_DHCP_CLIENTS):
        yield "ifupdown has no DHCP client: install dhcpcd-base or isc-dhcp-client"


def caution_sentences(
    backend: Backend, nics: Collection[Nic], network: NetworkFiles
) -> Iterator[str]:
    """Warnings: what works, but perhaps not as expected."""
    manager, resolver = "NetworkManager.service", "systemd-resolved.service"
    if backend is Backend.NETWORKD and network.is_enabled(manager):
        yield (
            f"{manager} is enabled and takes every NIC that it is not told to leave: "
            f"systemctl disable {manager}, or name the role's NICs in its unmanaged-devices"
        )
    named = [nic.name for nic in nics if nic.nameservers or nic.search]
    listens = network.is_enabled(resolver) or (
        backend is Backend.IFUPDOWN and network.has_program("/usr/sbin/resolvconf")
    )
    if named and backend is not Backend.EXTERNAL and not listens:
        what = "nameservers" if any(nic.nameservers for nic in nics) else "search domains"
        package = "resolvconf" if backend is Backend.IFUPDOWN else "systemd-resolved"
        yield (
            f"nothing reads the {what} of {', '.join(named)}, and /etc/resolv.conf stays "
            f"as it is: install {package}, or write /etc/resolv.conf"
        )
