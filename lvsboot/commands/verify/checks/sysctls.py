"""Checks of kernel parameters in force, each with the file that sets it, and of the ARP guard."""

from __future__ import annotations

from collections.abc import Iterator

from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.ipvs.table import Family, ForwardingMethod
from lvsboot.role.derived_sysctls import derived_sysctls, forwarded_families
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.role.sysctl_conflicts import is_same_value
from lvsboot.system.sysctl.arp import SILENT
from lvsboot.system.sysctl.globs import is_glob
from lvsboot.system.sysctl.text import dotted, parse_key

VALUES, GUARD = "sysctl.values", "arp.guard"
_KINDS = {
    "/ip_forward": "sysctl.forwarding",
    "/forwarding": "sysctl.forwarding",
    "/send_redirects": "sysctl.redirects",
    "/rp_filter": "sysctl.rp_filter",
}
_RIGHT = {
    "sysctl.forwarding": "the host forwards",
    "sysctl.redirects": "the host sends no redirects",
    "sysctl.rp_filter": "rp_filter is off for the tunnels",
    "sysctl.tuning": "net.ipv4.vs.* are the role's",
    VALUES: "the role's kernel parameters are in force",
}
_ARP = tuple(f"/{key}" for key in SILENT)


def wanted_sysctls(role: Role) -> dict[str, str]:
    """Paths below /proc/sys with their values; those of ARP are the guard's to judge."""
    settings = {**derived_sysctls(role), **role.sysctl}
    wanted = {parse_key(key): value for key, value in settings.items()}
    # A device's own value counts for what arrives there (IN_DEV_FORWARD).
    if isinstance(role.kind, Director) and Family.IPV4 in forwarded_families(role):
        names = {nic.name for nic in role.nics} | {vip.interface for vip in role.kind.vips}
        for name in sorted(names - {"lo"}):
            wanted[f"net/ipv4/conf/{name}/forwarding"] = "1"
    return {
        key: value for key, value in wanted.items() if not is_glob(key) and not key.endswith(_ARP)
    }


def check_sysctls(role: Role, live: LiveFacts) -> Iterator[Result]:
    wanted = wanted_sysctls(role)
    results: dict[str, list[Result]] = {_kind(key): [] for key in wanted}
    for key, value in wanted.items():
        results[_kind(key)] += _value(key, value, live)
    for kind, problems in results.items():
        yield from found(kind, problems, _RIGHT[kind])
    if _is_guarded(role):
        problems = [] if live.arp_opening is None else [_opening(live.arp_opening)]
        yield from found(GUARD, problems, "the host neither answers nor announces ARP for its VIPs")


def _is_guarded(role: Role) -> bool:
    kind = role.kind
    return isinstance(kind, RealServer) and bool(kind.vips) and kind.method is not _NAT


_NAT = ForwardingMethod.NAT


def _kind(key: str) -> str:
    if key.startswith("net/ipv4/vs/"):
        return "sysctl.tuning"
    return next((kind for end, kind in _KINDS.items() if key.endswith(end)), VALUES)


def _value(key: str, wanted: str, live: LiveFacts) -> Iterator[Result]:
    actual = live.sysctls.get(key)
    name = dotted(key)
    if isinstance(actual, Unseen):
        yield unseen(_kind(key), actual, f"{name} = {wanted}")
    elif actual is None:
        if not _is_of_absent_device(key, live):
            seen = f"the kernel has no {name}"
            fix = "load the module that has it, or remove it from the role"
            yield failure(_kind(key), seen, f"{name} = {wanted}", fix)
    elif not is_same_value(actual, wanted):
        setter, fix = _set_by(key, wanted, live)
        seen = f"{name} is {actual}; {setter}"
        yield failure(_kind(key), seen, f"{name} = {wanted}", fix)


def _is_of_absent_device(key: str, live: LiveFacts) -> bool:
    """Whether the parameter is of a device that is not there, which nic.up reports."""
    parts = key.split("/")
    if parts[:1] != ["net"] or parts[2:3] != ["conf"] or isinstance(live.network, Unseen):
        return False
    return parts[3] not in {"all", "default", *live.network.links}


def _set_by(key: str, wanted: str, live: LiveFacts) -> tuple[str, str]:
    """Which line sets the parameter at a boot, and what to do."""
    by_hand = f"`sysctl -w {dotted(key)}='{wanted}'`"
    if isinstance(live.sysctl_files, Unseen):
        return f"which file sets it is not known: {live.sysctl_files.reason}", by_hand
    in_force = live.sysctl_files.boot.in_force(key)
    if in_force is None or in_force.line.value is None:
        return "no file of sysctl.d sets it", f"{by_hand}; `lvsboot apply` writes its file"
    line = in_force.line
    if is_same_value(line.value, wanted):
        return f"{line.place} sets it to {line.value}, and it was changed since", by_hand
    setter = f"{line.place} sets it to {line.value}"
    return setter, f"remove that line, then {by_hand}"


def _opening(reason: str) -> Result:
    fix = "remove the setting where it is made; then `sysctl --system` and `systemctl restart lvs`"
    return failure(GUARD, reason, "ARP for the VIPs is the director's to answer", fix)
