"""A role file's bytes to a Role: document, schema, decoding and rules, in this order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from lvsboot.errors import InputError
from lvsboot.ipvs.table import Family, ForwardingMethod, TunnelType
from lvsboot.problem import Problem, Severity
from lvsboot.role import defaults
from lvsboot.role.constraints import constraint_findings
from lvsboot.role.director import decode_director
from lvsboot.role.document import (
    MAX_FINDINGS,
    Document,
    Finding,
    Path,
    parse_document,
    place_findings,
)
from lvsboot.role.finding import Aliases, written_once
from lvsboot.role.formats import (
    parse_address,
    parse_domain,
    parse_interface_address,
    parse_ipv4,
    parse_ipv6,
    parse_mac,
    parse_network,
)
from lvsboot.role.model import Backend, Dhcp, NetworkPlan, Nic, RealServer, Role, Route, TunnelEnd
from lvsboot.role.unaffected import unaffected_findings
from lvsboot.role.validation import validate

_Parsed = TypeVar("_Parsed")
_Mapping = Mapping[str, Any]


class RoleFile(NamedTuple):
    """A role without errors, its text, and the warnings about it."""

    role: Role
    text: str
    warnings: tuple[Problem, ...]


def parse_role(raw: bytes, file: str) -> RoleFile:
    """The role in `raw`; raises InputError with every problem, each at its place in `file`."""
    document = parse_document(raw, file)
    refused = {finding.path for _span, finding in document.findings if finding.path}
    role, findings = check_value(document.value, refused | document.merged, document.aliases)
    # A key that a mapping lacks may be one of its merge key, which is refused already.
    findings = [finding for finding in findings if finding.path not in document.merged]
    problems = _without_refused_values(place_findings(document, findings), document)
    if role is None or any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    return RoleFile(role, document.text, tuple(problems))


def check_value(
    value: Any,  # noqa: ANN401
    removed: Iterable[Path] = (),
    aliases: Aliases | None = None,
) -> tuple[Role | None, list[Finding]]:
    """The role in the value's valid part, and all findings.

    `removed` are the paths of values that the document refused already. An error in a value that
    `aliases` repeat is found once.
    """
    result = validate(value, aliases)
    result.removed.update(removed)
    role = None
    found: Iterable[Finding] = result.findings
    if result.value is not None:
        role = decode_role(result.value)
        found = chain(found, unaffected_findings(constraint_findings(role), result))
    return role, list(_first(_each_once(found, aliases) if aliases else found))


def _each_once(findings: Iterable[Finding], aliases: Aliases) -> Iterator[Finding]:
    noted = set()
    for finding in findings:
        note = written_once(finding, aliases)
        if note not in noted:
            noted.add(note)
            yield finding


def _first(findings: Iterable[Finding]) -> Iterator[Finding]:
    """At most MAX_FINDINGS errors and as many warnings, each with a last one that says so."""
    counts = Counter[Severity]()
    for finding in findings:
        severity = finding.severity
        counts[severity] += 1
        if counts[severity] <= MAX_FINDINGS:
            yield finding
        if counts[severity] == MAX_FINDINGS:
            more = f"these are the first {MAX_FINDINGS:,} {severity.value}s: there may be more"
            yield Finding((), more, "fix these first", severity=severity)
        if counts[Severity.ERROR] == MAX_FINDINGS:
            return


def _without_refused_values(problems: list[Problem], document: Document) -> list[Problem]:
    """Without the schema's problems at values that the document refused: one problem is enough."""
    own = len(document.findings)
    refused = {span for span, _finding in document.findings}
    return problems[:own] + [problem for problem in problems[own:] if problem.span not in refused]


def decode_role(value: _Mapping) -> Role:
    """The Role of a value that the schema has accepted."""
    return Role(
        hostname=value.get("hostname"),
        network=_optional(value, "network", _decode_network),
        kind=(
            decode_director(value["director"])
            if "director" in value
            else _decode_real_server(value["real_server"])
        ),
        sysctl={key: str(setting) for key, setting in value.get("sysctl", {}).items()},
    )


def _optional(value: _Mapping, key: str, decode: Callable[[Any], _Parsed]) -> _Parsed | None:
    return decode(value[key]) if key in value else None


def _decode_network(value: _Mapping) -> NetworkPlan:
    return NetworkPlan(
        backend=Backend(value.get("backend", defaults.BACKEND)),
        nics=tuple(_decode_nic(name, nic) for name, nic in value["interfaces"].items()),
    )


def _decode_nic(name: str, value: _Mapping) -> Nic:
    return Nic(
        name=name,
        mac=_optional(value, "mac", parse_mac),
        addresses=tuple(map(parse_interface_address, value.get("addresses", ()))),
        dhcp=Dhcp(value.get("dhcp", defaults.DHCP)),
        gateway=_optional(value, "gateway", parse_ipv4),
        gateway6=_optional(value, "gateway6", parse_ipv6),
        gateway_on_link=value.get("gateway_on_link", defaults.GATEWAY_ON_LINK),
        nameservers=tuple(map(parse_address, value.get("nameservers", ()))),
        search=tuple(map(parse_domain, value.get("search", ()))),
        routes=tuple(
            Route(parse_network(route["to"]), parse_address(route["via"]))
            for route in value.get("routes", ())
        ),
        mtu=value.get("mtu"),
        required=value.get("required", defaults.REQUIRED),
    )


def _decode_real_server(value: _Mapping) -> RealServer:
    method = ForwardingMethod(value["method"])
    tunnel = value.get("tunnel", {} if method is ForwardingMethod.TUN else None)
    return RealServer(
        method=method,
        vips=tuple(map(parse_address, value.get("vips", ()))),
        director=_optional(value, "director", parse_address),
        tunnel=_decode_tunnel_end(tunnel) if tunnel is not None else None,
    )


def _decode_tunnel_end(value: _Mapping) -> TunnelEnd:
    return TunnelEnd(
        type=TunnelType(value.get("type", defaults.TUNNEL_TYPE)),
        port=value.get("port"),
        checksum=value.get("checksum", defaults.TUNNEL_CHECKSUM),
        family=_optional(value, "family", Family),
        mss=value.get("mss"),
    )
