"""Finds who else would configure the role's NICs: each address has one owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from lvsboot import paths
from lvsboot.host.network import stanzas
from lvsboot.host.network.interfaces import is_sourced, source_pattern
from lvsboot.host.network.loopback import loopback_problems
from lvsboot.host.network.network_files import Survey, is_netplans
from lvsboot.host.network.networkd import Match, Matching, parse_settings
from lvsboot.host.network.root import Text, unread
from lvsboot.problem import Problem, Severity, Span
from lvsboot.render.networkd import networkd_path
from lvsboot.role.model import Backend, Nic, Role


def ownership_problems(
    role: Role, backend: Backend, survey: Survey, ours: Iterable[str]
) -> list[Problem]:
    """What keeps `backend` from being the one owner of the role's NICs, and lvsboot of its VIPs.

    `ours` are the paths that lvsboot writes, has written or sets aside: they are no claims.
    """
    known = frozenset(ours)
    problems = [*loopback_problems(role, backend, survey, known)]
    if backend not in {Backend.EXTERNAL, Backend.AUTO}:
        problems += [
            *_sourcing(backend, survey),
            *_left_alone(role, survey),
            *_networkd(role, backend, survey, known),
            *_drop_ins(role, backend, survey),
            *_netplan(role, backend, survey, known),
            *stanzas.nic_problems(role, backend, survey, known),
        ]
    # A file that cannot be read is a problem for each who wants to read it.
    return list(dict.fromkeys(problems))


def _networkd(
    role: Role, backend: Backend, survey: Survey, known: frozenset[str]
) -> Iterator[Problem]:
    """The first file by name that matches a NIC is the only one that counts."""
    if backend is Backend.IFUPDOWN and not survey.is_enabled("systemd-networkd.service"):
        return
    files = [(text, file) for text, file in survey.networkd_files() if text.path not in known]
    for nic in role.nics:
        mac = nic.mac or survey.mac(nic.name)
        for text, file in files:
            name = file.matches[0].path.rpartition("/")[2]
            if backend is not Backend.IFUPDOWN and name > _our_network_file(backend, nic):
                break
            if is_netplans(text):
                continue
            if text.text is None:
                yield unread(text)
                continue
            matching = file.matching(nic.name, mac)
            if matching is not Matching.NO:
                yield _networkd_problem(file.place_for(nic.name, mac), nic, backend, matching)
                if matching is Matching.YES:
                    break


def _drop_ins(role: Role, backend: Backend, survey: Survey) -> Iterator[Problem]:
    """What is merged with lvsboot's own files, or with those that netplan makes of them."""
    for nic in role.nics:
        names = [] if backend is Backend.IFUPDOWN else [_our_network_file(backend, nic)]
        names += [f"05-lvs-{nic.name}.link"] if nic.mac is not None else []
        for name in names:
            for text in survey.drop_ins(name):
                yield from _drop_in(text, nic, backend)


def _drop_in(text: Text, nic: Nic, backend: Backend) -> Iterator[Problem]:
    if text.text is None:
        yield unread(text)
        return
    setting = next((it for it in parse_settings(text.text) if it.key), None)
    if setting is None:
        return
    whose = "netplan's" if backend is Backend.NETPLAN else "lvsboot's"
    yield Problem(
        file=text.path,
        span=Span(setting.section_line, 1, len(setting.section_source)),
        message=f"this drop-in is merged with {whose} file for {nic.name}, which has one owner",
        hint="take it away, or say in the role what it says",
        source=setting.section_source,
    )


def _our_network_file(backend: Backend, nic: Nic) -> str:
    if backend is Backend.NETPLAN:
        return f"10-netplan-{nic.name}.network"
    return networkd_path(nic.name).rpartition("/")[2]


def _networkd_problem(match: Match, nic: Nic, backend: Backend, matching: Matching) -> Problem:
    may = "may be" if matching is Matching.MAYBE else "is"
    if backend is Backend.IFUPDOWN:
        message = (
            f"this file {may} systemd-networkd's for {nic.name}, which ifupdown would have, too"
        )
    else:
        message = f"this file {may} for {nic.name}, too, and sorts before lvsboot's: it would win"
    return Problem(
        file=match.path,
        span=Span(match.line, 1, len(match.source)),
        message=message,
        hint=f"take it away, or let its [Match] leave {nic.name} out",
        source=match.source,
        severity=Severity.WARNING if matching is Matching.MAYBE else Severity.ERROR,
    )


def _netplan(
    role: Role, backend: Backend, survey: Survey, known: frozenset[str]
) -> Iterator[Problem]:
    if not survey.has_netplan():
        return
    for text, definitions in survey.netplan_files():
        if text.path in known:
            continue
        if text.text is None:
            yield unread(text)
        for device in definitions.devices:
            for nic in role.nics:
                if device.is_for(nic.name, nic.mac or survey.mac(nic.name)):
                    span = Span(device.line, device.column, len(device.key))
                    yield _netplan_problem(text, span, nic, backend)


def _netplan_problem(text: Text, span: Span, nic: Nic, backend: Backend) -> Problem:
    severity = Severity.ERROR
    hint = f"take {nic.name} out of this file"
    match backend:
        case Backend.NETPLAN:
            message = f"netplan merges this definition of {nic.name} with lvsboot's"
        case Backend.NETWORKD:
            message = f"this definition of {nic.name} is without effect: lvsboot's file sorts first"
            severity = Severity.WARNING
        case _:
            message = f"netplan configures {nic.name}, too, and so would {backend.value}"
            hint = f"{hint}, or say network.backend: netplan in the role"
    lines = (text.text or "").splitlines()
    source = lines[span.line - 1] if span.line <= len(lines) else None
    return Problem(text.path, span, message, hint=hint, source=source, severity=severity)


def _sourcing(backend: Backend, survey: Survey) -> Iterator[Problem]:
    """Ifupdown reads one file, and of others only what that one sources."""
    if backend is not Backend.IFUPDOWN:
        return
    directory, _, name = paths.IFUPDOWN_FILE.rpartition("/")
    for text, interfaces in survey.ifupdown_files():
        own = text.path.rpartition("/")[0]
        for line in interfaces.sources:
            folder, _, pattern = source_pattern(line, own).rpartition("/")
            if folder == directory and fnmatchcase(name, pattern) and is_sourced(line, name):
                return
    message = f"no line of it sources {paths.IFUPDOWN_FILE}: lvsboot's stanzas would not be read"
    hint = f"add the line `source {paths.INTERFACES_D}/*`"
    yield Problem(paths.INTERFACES, Span(1), message, hint=hint)


def _left_alone(role: Role, survey: Survey) -> Iterator[Problem]:
    """NICs that only cloud-init configured: once its files are aside, nobody does."""
    names = {nic.name for nic in role.nics}
    for path, line, name in _cloud_inits_nics(role, survey):
        if name not in names:
            message = f"cloud-init configured {name} here, and lvsboot sets this file aside"
            hint = f"{name} has no configuration from the next boot on: name it in the role"
            yield Problem(path, Span(line), message, hint=hint, severity=Severity.WARNING)


def _cloud_inits_nics(role: Role, survey: Survey) -> Iterator[tuple[str, int, str]]:
    """File, line and name of each NIC in cloud-init's files, unless the role has its MAC."""
    theirs = frozenset(survey.cloud_init_files())
    for text, file in survey.networkd_files():
        if text.path in theirs:
            for name in file.match.keys.get("Name", ()):
                yield text.path, file.matches[0].line, name
    for text, definitions in survey.netplan_files():
        for device in definitions.devices if text.path in theirs else ():
            if not any(device.is_for(nic.name, nic.mac) for nic in role.nics):
                yield text.path, device.line, device.set_name or device.key
    for text, interfaces in survey.ifupdown_files():
        for stanza in interfaces.stanzas if text.path in theirs else ():
            if stanza.name != "lo":
                yield text.path, stanza.head.number, stanza.name
