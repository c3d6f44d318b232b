"""Finds other configuration of the role's NICs: a NIC and an address have one owner each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from lvsboot import paths
from lvsboot.host.network import stanzas
from lvsboot.host.network.interfaces import is_sourced, source_pattern
from lvsboot.host.network.loopback import loopback_problems
from lvsboot.host.network.network_files import NetworkFiles, matching_files
from lvsboot.host.network.networkd import Match, Matching, NetworkFile, parse_settings
from lvsboot.host.network.root import Text, line_problem, unread
from lvsboot.problem import Problem, Severity, Span
from lvsboot.render.networkd import networkd_path
from lvsboot.role.model import Backend, Nic, Role


def ownership_problems(
    role: Role, backend: Backend, network: NetworkFiles, ours: Iterable[str]
) -> list[Problem]:
    """Every file besides `backend`'s that configures a NIC of the role, or sets one of its VIPs.

    `ours` are the paths that lvsboot writes, has written or sets aside: they are no other owner.
    """
    known = frozenset(ours)
    problems = [*loopback_problems(role, backend, network, known)]
    if backend not in {Backend.EXTERNAL, Backend.AUTO}:
        problems += [
            *_sourcing(backend, network),
            *_left_alone(role, network),
            *_networkd(role, backend, network, known),
            *_drop_ins(role, backend, network),
            *_netplan(role, backend, network, known),
            *stanzas.nic_problems(role, backend, network, known),
        ]
    # An unreadable file is found by each function that reads it.
    return list(dict.fromkeys(problems))


def _networkd(
    role: Role, backend: Backend, network: NetworkFiles, known: frozenset[str]
) -> Iterator[Problem]:
    """Files that networkd would use for a NIC in place of lvsboot's, or besides ifupdown."""
    if backend is Backend.IFUPDOWN and not network.is_enabled("systemd-networkd.service"):
        return
    files = list(network.networkd_files(known))
    for nic in role.nics:
        mac = nic.mac or network.mac(nic.name)
        ours = None if backend is Backend.IFUPDOWN else _our_network_file(backend, nic)
        earlier = [file for file in files if ours is None or _name(file[1]) <= ours]
        for text, file, matching in matching_files(earlier, nic.name, mac):
            if matching is None:
                yield unread(text)
            else:
                yield _networkd_problem(file.place_for(nic.name, mac), nic, backend, matching)


def _name(file: NetworkFile) -> str:
    return file.matches[0].path.rpartition("/")[2]


def _drop_ins(role: Role, backend: Backend, network: NetworkFiles) -> Iterator[Problem]:
    """Drop-ins of lvsboot's own files, or of those that netplan makes from them."""
    for nic in role.nics:
        names = [] if backend is Backend.IFUPDOWN else [_our_network_file(backend, nic)]
        names += [f"05-lvs-{nic.name}.link"] if nic.mac is not None else []
        for name in names:
            for text in network.drop_ins(name):
                yield from _drop_in(text, nic, backend)


def _drop_in(text: Text, nic: Nic, backend: Backend) -> Iterator[Problem]:
    if text.text is None:
        yield unread(text)
        return
    setting = next((setting for setting in parse_settings(text.text) if setting.key), None)
    if setting is None:
        return
    whose = "netplan's" if backend is Backend.NETPLAN else "lvsboot's"
    message = f"this drop-in is merged with {whose} file for {nic.name}, which has one owner"
    hint = "remove it, or say in the role what it says"
    yield line_problem(text.path, setting.section_line, setting.section_source, message, hint)


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
    hint = f"remove it, or exclude {nic.name} in its [Match]"
    severity = Severity.WARNING if matching is Matching.MAYBE else Severity.ERROR
    return line_problem(match.path, match.line, match.source, message, hint, severity=severity)


def _netplan(
    role: Role, backend: Backend, network: NetworkFiles, known: frozenset[str]
) -> Iterator[Problem]:
    for text, device in network.netplan_devices(known):
        if device is None:
            yield unread(text)
            continue
        for nic in role.nics:
            if device.is_for(nic.name, nic.mac or network.mac(nic.name)):
                span = Span(device.line, device.column, len(device.key))
                yield _netplan_problem(text, span, nic, backend)


def _netplan_problem(text: Text, span: Span, nic: Nic, backend: Backend) -> Problem:
    severity = Severity.ERROR
    hint = f"remove {nic.name} from this file"
    match backend:
        case Backend.NETPLAN:
            message = f"netplan merges this definition of {nic.name} with lvsboot's"
        case Backend.NETWORKD:
            message = f"this definition of {nic.name} is without effect: lvsboot's file sorts first"
            severity = Severity.WARNING
        case _:
            message = f"netplan configures {nic.name}, too, and so would {backend.value}"
            hint = f"{hint}, or say network.backend: netplan in the role"
    source = text.source(span.line)
    return Problem(text.path, span, message, hint=hint, source=source, severity=severity)


def _sourcing(backend: Backend, network: NetworkFiles) -> Iterator[Problem]:
    """An error where /etc/network/interfaces does not source lvsboot's file."""
    if backend is not Backend.IFUPDOWN:
        return
    directory, _, name = paths.IFUPDOWN_FILE.rpartition("/")
    for text, interfaces in network.ifupdown_files():
        own = text.path.rpartition("/")[0]
        for line in interfaces.sources:
            folder, _, pattern = source_pattern(line, own).rpartition("/")
            if folder == directory and fnmatchcase(name, pattern) and is_sourced(line, name):
                return
    message = f"no line of it sources {paths.IFUPDOWN_FILE}: lvsboot's stanzas would not be read"
    hint = f"add the line `source {paths.INTERFACES_D}/*`"
    yield Problem(paths.INTERFACES, Span(1), message, hint=hint)


def _left_alone(role: Role, network: NetworkFiles) -> Iterator[Problem]:
    """A warning for each NIC that is unconfigured once cloud-init's files are set aside."""
    names = {nic.name for nic in role.nics}
    for path, line, name in _cloud_inits_nics(role, network):
        if name not in names:
            message = f"cloud-init configured {name} here, and lvsboot sets this file aside"
            hint = f"{name} has no configuration from the next boot on: name it in the role"
            yield Problem(path, Span(line), message, hint=hint, severity=Severity.WARNING)


def _cloud_inits_nics(role: Role, network: NetworkFiles) -> Iterator[tuple[str, int, str]]:
    """File, line and name of each NIC in cloud-init's files, unless the role has its MAC."""
    theirs = frozenset(network.cloud_init_files())
    for text, file in network.networkd_files():
        if text.path in theirs:
            for name in file.match.keys.get("Name", ()):
                yield text.path, file.matches[0].line, name
    for text, definitions in network.netplan_files():
        for device in definitions.devices if text.path in theirs else ():
            if not any(device.is_for(nic.name, nic.mac) for nic in role.nics):
                yield text.path, device.line, device.facts.set_name or device.key
    for text, interfaces in network.ifupdown_files():
        for stanza in interfaces.stanzas if text.path in theirs else ():
            if stanza.name != "lo":
                yield text.path, stanza.head.number, stanza.name
