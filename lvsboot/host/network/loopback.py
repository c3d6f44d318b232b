"""Finds other programs that manage lo, where lvsboot has VIPs: they add and remove addresses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from ipaddress import ip_interface

from lvsboot.host.network import stanzas
from lvsboot.host.network.netplan import Scalar
from lvsboot.host.network.network_files import NetworkFiles, matching_files
from lvsboot.host.network.networkd import Matching, Setting, parse_settings
from lvsboot.host.network.root import Text, line_problem, unread
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role.formats import Address
from lvsboot.role.model import Backend, Director, Owner, RealServer, Role

_LO = "lo"
_TAKES = (
    "removes the addresses that it does not know: each time lvs-vip-keep.path puts the VIPs "
    "back, a moment later"
)
_WARNING = Severity.WARNING
_RESETS = "removes the VIPs whenever it activates it"
_ADDRESS_KEY = re.compile(r"address(es)?\d*")


def loopback_vips(role: Role) -> frozenset[Address]:
    """The VIPs that lvsboot brings up on lo."""
    match role.kind:
        case RealServer(vips=vips):
            return frozenset(vips)
        case Director(vips=vips):
            return frozenset(
                vip.address for vip in vips if vip.interface == _LO and vip.owner is Owner.LVSBOOT
            )


def loopback_problems(
    role: Role, backend: Backend, network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    """A warning for each program that manages lo, an error where it brings a VIP up as well.

    It would do so without the ARP guard, and whether or not lvs.service is up.
    """
    if vips := loopback_vips(role):
        yield from _networkd(vips, backend, network, known)
        yield from _netplan(vips, network, known)
        yield from _network_manager(vips, network, known)
        yield from stanzas.vip_problems(vips, backend, network, known)


def _networkd(
    vips: Collection[Address], backend: Backend, network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    starts = backend in {Backend.NETWORKD, Backend.NETPLAN} or network.has_netplan()
    if not starts and not network.is_enabled("systemd-networkd.service"):
        return
    for text, file, matching in matching_files(network.networkd_files(known), _LO, None):
        if matching is None:
            yield unread(text)
        elif not file.is_unmanaged:
            match = file.place_for(_LO, None)
            manages = "manages" if matching is Matching.YES else "may manage"
            message = f"systemd-networkd {manages} lo by this file, and {_TAKES}"
            hint = "remove it, exclude lo in its [Match], or say Unmanaged=yes in its [Link]"
            yield line_problem(
                match.path, match.line, match.source, message, hint, severity=_WARNING
            )
            for path, setting in file.addresses():
                yield from _setting_problems(path, setting, vips, "systemd-networkd")


def _network_manager(
    vips: Collection[Address], network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    """NetworkManager 1.42 and later manage lo by a profile: nm-settings-nmcli(5), loopback."""
    for text in network.network_manager_files(known):
        if text.text is None:
            yield unread(text)
            continue
        settings = [setting for setting in parse_settings(text.text) if setting.key]
        connection = {
            setting.key: setting for setting in settings if setting.section == "connection"
        }
        place = connection.get("interface-name") or connection.get("type")
        if place is None or place.value not in {_LO, "loopback"}:
            continue
        if (start := connection.get("autoconnect")) and start.value in {"false", "0"}:
            continue
        message = f"NetworkManager manages lo by this profile, and {_RESETS}"
        hint = "remove it, or say autoconnect=false in its [connection]"
        yield line_problem(text.path, place.line, place.source, message, hint, severity=_WARNING)
        for setting in settings:
            if setting.section in {"ipv4", "ipv6"} and _ADDRESS_KEY.fullmatch(setting.key):
                yield from _setting_problems(text.path, setting, vips, "NetworkManager")


def _setting_problems(
    path: str, setting: Setting, vips: Collection[Address], program: str
) -> Iterator[Problem]:
    """NetworkManager separates addresses by semicolons, and a gateway by a comma."""
    for value in setting.value.split(";"):
        if (vip := _vip(value.partition(",")[0], vips)) is not None:
            message, hint = _twice(vip, program)
            yield line_problem(path, setting.line, setting.source, message, hint)


def _netplan(
    vips: Collection[Address], network: NetworkFiles, known: Collection[str]
) -> Iterator[Problem]:
    for text, device in network.netplan_devices(known):
        if device is None:
            yield unread(text)
        elif device.is_for(_LO, None):
            message = f"netplan has systemd-networkd manage lo by this definition, which {_TAKES}"
            key = Scalar(device.key, device.line, device.column)
            hint = "remove lo from this file"
            yield _scalar_problem(text, key, message, hint, _WARNING)
            for address in device.facts.addresses:
                if (vip := _vip(address.value, vips)) is not None:
                    yield _scalar_problem(text, address, *_twice(vip, "netplan"), Severity.ERROR)


def _twice(vip: Address, program: str) -> tuple[str, str]:
    """Message and hint."""
    message = f"{program} has {vip} on lo by this line, too: a VIP has one owner"
    return message, "remove the address: lvs-vip@ brings the VIP up"


def _vip(text: str, vips: Collection[Address]) -> Address | None:
    try:
        address = ip_interface(text.strip()).ip
    except ValueError:
        return None
    return address if address in vips else None


def _scalar_problem(
    text: Text, scalar: Scalar, message: str, hint: str, severity: Severity
) -> Problem:
    span = Span(scalar.line, scalar.column, len(scalar.value))
    source = text.source(scalar.line)
    return Problem(text.path, span, message, hint=hint, source=source, severity=severity)
