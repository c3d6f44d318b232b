"""A role file's bytes to a Role: document, schema, decoding and rules, in this order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from lvsboot import defaults
from lvsboot.constraints import constraint_findings
from lvsboot.director import decode_director
from lvsboot.document import parse_document
from lvsboot.errors import InputError
from lvsboot.formats import (
    parse_address,
    parse_interface_address,
    parse_ipv4,
    parse_ipv6,
    parse_mac,
    parse_network,
)
from lvsboot.ipvs.table import ForwardingMethod
from lvsboot.model import (
    Backend,
    Dhcp,
    NetworkPlan,
    Nic,
    RealServer,
    Role,
    Route,
)
from lvsboot.problem import Problem, Severity
from lvsboot.schema import schema_findings

_Parsed = TypeVar("_Parsed")
_Mapping = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RoleFile:
    """A role that may be used, the text it came from, and what its author might reconsider."""

    role: Role
    text: str
    warnings: tuple[Problem, ...]


def parse_role(raw: bytes, file: str) -> RoleFile:
    """The role in `raw`; raises InputError with every problem, each at its place in `file`."""
    document = parse_document(raw, file)
    problems = document.problems()
    # A refused value has no meaning: what the schema says of it would be a second complaint.
    refused = {problem.span for problem in problems}
    found = [document.problem(finding) for finding in schema_findings(document)]
    problems += [problem for problem in found if problem.span not in refused]
    if problems:
        raise InputError(problems)
    role = decode_role(document.value)
    problems = [document.problem(finding) for finding in constraint_findings(role)]
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(problems)
    return RoleFile(role, document.text, tuple(problems))


def decode_role(value: _Mapping) -> Role:
    """The Role that a value means; the schema has accepted it."""
    return Role(
        hostname=value.get("hostname"),
        network=_optional(value, "network", _decode_network),
        duty=(
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
        nameservers=tuple(map(parse_address, value.get("nameservers", ()))),
        routes=tuple(
            Route(parse_network(route["to"]), parse_address(route["via"]))
            for route in value.get("routes", ())
        ),
        mtu=value.get("mtu"),
        required=value.get("required", defaults.REQUIRED),
    )


def _decode_real_server(value: _Mapping) -> RealServer:
    return RealServer(
        method=ForwardingMethod(value["method"]),
        vips=tuple(map(parse_address, value.get("vips", ()))),
        director=_optional(value, "director", parse_address),
    )
