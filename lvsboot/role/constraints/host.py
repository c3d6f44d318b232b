"""Rules for every host: its name, its sysctls, and each address used once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lvsboot.role.constraints.addresses import own_addresses
from lvsboot.role.constraints.findings import NETWORK, VIPS, Uses, key_error, warning
from lvsboot.role.constraints.names import Names
from lvsboot.role.derived_sysctls import derived_sysctls
from lvsboot.role.document import Finding, Path
from lvsboot.role.messages import Hint
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.sysctl_conflicts import sysctl_conflicts
from lvsboot.system.sysctl.settings import BootSettings
from lvsboot.system.sysctl.text import dotted, parse_key, parse_settings

_INTERFACE_KEY = re.compile(r"net/(?:ipv4|ipv6)/(?:conf|neigh)/(.+)/[^/]+")
_KINDS: tuple[Path, ...] = (("director",), ("real_server",))
_ARP_IGNORE = re.compile(r"net\.ipv4\.conf\..+\.arp_ignore")


def host_findings(role: Role) -> Iterator[Finding]:
    if role.hostname is not None and role.hostname.partition(".")[0].lower() == "localhost":
        yield warning(("hostname",), f"'{role.hostname}' is every host's name for itself")
    if role.hostname is not None and "_" in role.hostname:
        # hostname_cleanup() in systemd's basic/hostname-util.c, on what /etc/hostname says.
        kept = role.hostname.replace("_", "")
        message = f"'{role.hostname}' has an underscore, which a host name must not have"
        yield warning(("hostname",), message, f"systemd removes it: '{kept}'")
    yield from _sysctl(role)
    yield from _addresses_once(role)


def _sysctl(role: Role) -> Iterator[Finding]:
    derived = {parse_key(key): value for key, value in derived_sysctls(role).items()}
    names = Uses()
    nics = None if role.network is None else [nic.name for nic in role.nics]
    known = Names(nics or [])
    devices = {"all", "default", "lo", *(nics or ())}
    for key in role.sysctl:
        path = ("sysctl", key)
        name = parse_key(key)
        if first := names.first_use(name, path):
            yield key_error(path, f"'{key}' is set twice", conflicts_with=first)
        if name in derived:
            message = f"'{key}' is derived from the role: it must be {derived[name]}"
            yield key_error(path, message, "remove it", depends_on=_KINDS)
        elif name.startswith("net/ipv4/vs/") and isinstance(role.kind, RealServer):
            message = f"'{key}' exists only on a director, where IPVS is loaded"
            yield warning(path, message, "remove it", at_key=True)
        match = _INTERFACE_KEY.fullmatch(name)
        if match is not None and nics is not None and match[1] not in devices:
            device = match[1].replace("/", ".")
            message = f"'{device}' is not in network.interfaces"
            hint: Hint = known.available
            if device in devices:
                message = f"'{key}' names no parameter of '{device}': a dot separates directories"
                hint = f"write {dotted(name.replace(match[1], device))}"
            yield warning(path, message, hint, at_key=True, depends_on=(NETWORK,))
    yield from _undone(role, derived)
    yield from _silent_vips(role)


def _undone(role: Role, derived: dict[str, str]) -> Iterator[Finding]:
    """The role's sysctls that undo a derived one: by another name of it, or for one device."""
    settings = list(role.sysctl.items())
    own = parse_settings("sysctl", settings)
    lines = (*parse_settings("role", derived_sysctls(role).items()), *own)
    for conflict in sysctl_conflicts(role, BootSettings(lines)):
        line = conflict.line
        is_own = line is not None and line.file == "sysctl" and line.key not in derived
        if conflict.breaks and line is not None and is_own:
            key = settings[line.line - 1][0]
            needs = f"{dotted(conflict.key)} must be {conflict.wanted}"
            message = f"'{key}' undoes what is derived from the role: {needs}"
            yield key_error(("sysctl", key), message, "remove it", depends_on=_KINDS)


def _silent_vips(role: Role) -> Iterator[Finding]:
    if not isinstance(role.kind, Director):
        return
    on_lo = [i for i, vip in enumerate(role.kind.vips) if vip.interface == "lo"]
    for key, value in role.sysctl.items():
        if on_lo and value != "0" and _ARP_IGNORE.fullmatch(key.replace("/", ".")):
            message = f"arp_ignore {value}: ARP requests for a VIP on lo are not answered"
            hint = "fine only where every VIP is routed to this host"
            conflict = (*VIPS, on_lo[0], "interface")
            yield warning(("sysctl", key), message, hint, conflicts_with=conflict)


def _addresses_once(role: Role) -> Iterator[Finding]:
    addresses = Uses()
    for path, address in own_addresses(role):
        if first := addresses.first_use(address, path):
            is_mixed = first[0] == "network" and path[0] != "network"
            if is_mixed and path[0] == "director":
                continue  # shared_vips.py
            what = "is a VIP and a host address" if is_mixed else "is used twice"
            yield Finding(path, f"{address} {what}", conflicts_with=first)
