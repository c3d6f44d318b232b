"""Finds who else manages lo, where lvsboot has VIPs: all that a boot takes away or adds there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_interface

from lvsboot.host.network import stanzas
from lvsboot.host.network.netplan import Scalar
from lvsboot.host.network.network_files import Survey, is_netplans
from lvsboot.host.network.networkd import Matching, NetworkFile
from lvsboot.host.network.root import Text, unread
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role.formats import Address
from lvsboot.role.model import Backend, Director, Owner, RealServer, Role

_LO = "lo"
_TAKES = (
    "takes away the addresses that it does not know: each time lvs-vip-keep.path puts the VIPs "
    "back, a moment later"
)


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
    role: Role, backend: Backend, survey: Survey, known: Collection[str]
) -> Iterator[Problem]:
    """Warnings of who manages lo, and errors for a VIP that another program brings up as well.

    That program knows nothing of the ARP guard, and of whether lvs.service is up.
    """
    if vips := loopback_vips(role):
        yield from _networkd(vips, backend, survey, known)
        yield from _netplan(vips, survey, known)
        yield from stanzas.vip_problems(vips, backend, survey, known)


def _networkd(
    vips: Collection[Address], backend: Backend, survey: Survey, known: Collection[str]
) -> Iterator[Problem]:
    """The first file by name that matches lo is the only one that counts."""
    starts = backend in {Backend.NETWORKD, Backend.NETPLAN} or survey.has_netplan()
    if not starts and not survey.is_enabled("systemd-networkd.service"):
        return
    for text, file in survey.networkd_files():
        if text.path in known or is_netplans(text):
            continue
        if text.text is None:
            yield unread(text)
            continue
        matching = file.matching(_LO, None)
        if matching is not Matching.NO and not file.is_unmanaged:
            yield from _networkd_problems(file, vips, matching)
        if matching is Matching.YES:
            break


def _networkd_problems(
    file: NetworkFile, vips: Collection[Address], matching: Matching
) -> Iterator[Problem]:
    match = file.place_for(_LO, None)
    manages = "manages" if matching is Matching.YES else "may manage"
    yield Problem(
        file=match.path,
        span=Span(match.line, 1, len(match.source)),
        message=f"systemd-networkd {manages} lo by this file, and {_TAKES}",
        hint="take it away, let its [Match] leave lo out, or say Unmanaged=yes in its [Link]",
        source=match.source,
        severity=Severity.WARNING,
    )
    for path, setting in file.addresses():
        if (vip := _vip(setting.value, vips)) is not None:
            span = Span(setting.line, 1, len(setting.source))
            yield _twice(path, span, vip, "systemd-networkd", setting.source)


def _netplan(
    vips: Collection[Address], survey: Survey, known: Collection[str]
) -> Iterator[Problem]:
    if not survey.has_netplan():
        return
    for text, definitions in survey.netplan_files():
        if text.path in known:
            continue
        if text.text is None:
            yield unread(text)
        for device in definitions.devices:
            if not device.is_for(_LO, None):
                continue
            message = f"netplan has systemd-networkd manage lo by this definition, which {_TAKES}"
            hint = "take lo out of this file"
            key = Scalar(device.key, device.line, device.column)
            yield Problem(
                text.path, _span(key), message, hint=hint, source=_source(text, key),
                severity=Severity.WARNING,
            )  # fmt: skip
            for address in device.facts.addresses:
                if (vip := _vip(address.value, vips)) is not None:
                    yield _twice(text.path, _span(address), vip, "netplan", _source(text, address))


def _twice(path: str, span: Span, vip: Address, program: str, source: str | None) -> Problem:
    message = f"{program} has {vip} on lo by this line, too: a VIP has one owner"
    hint = "take the address away: lvs-vip@ brings the VIP up"
    return Problem(path, span, message, hint=hint, source=source)


def _vip(text: str, vips: Collection[Address]) -> Address | None:
    try:
        address = ip_interface(text.strip()).ip
    except ValueError:
        return None
    return address if address in vips else None


def _span(scalar: Scalar) -> Span:
    return Span(scalar.line, scalar.column, len(scalar.value))


def _source(text: Text, scalar: Scalar) -> str | None:
    lines = (text.text or "").split("\n")
    return lines[scalar.line - 1] if scalar.line <= len(lines) else None
