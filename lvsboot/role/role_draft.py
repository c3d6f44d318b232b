"""A director's role made from rules: its entries, those that a role refuses, and its text. Pure.

Refused entries are at the text's end, as ipvsadm commands in a comment that says why.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import count
from typing import Any

import yaml

from lvsboot.role.finding import Finding, Path
from lvsboot.role.messages import hint_text
from lvsboot.system.printable import printable_line

_HEAD = "# Made from IPVS rules. Decide what is marked so, and add the host's own network.\n"
_LEFT_OUT = "\n# Left out, since a role refuses it; as ipvsadm commands:\n#\n"
_DECIDE_INTERFACE = "  # decide: rules do not say which interface carries the VIP"
_DECIDE_ADDRESS = "  # decide: no service here says which addresses this host stands for"
# RFC 5737 reserves it for documentation.
_PLACEHOLDER = IPv4Address("192.0.2.1")


@dataclass(slots=True, eq=False)
class Entry:
    """A value of the role, its name as ipvsadm writes it, and the ipvsadm commands that set it.

    With a `refusal` it is a comment and not part of the role. `pool` are a service's real servers.
    """

    value: dict[str, Any]
    name: str
    command: str
    refusal: str = ""
    pool: list[Entry] = field(default_factory=list)

    def refuse(self, message: str) -> None:
        self.refusal = self.refusal or printable_line(message)


_Accepted = tuple[Entry, list[Entry]]
"""A service and its real servers, without refused ones, as value() has them."""
_Kind = tuple[str, str, bool]
"""A real server's address, forwarding method, and whether its service is IPv6."""


@dataclass(slots=True)
class RoleDraft:
    """The parts of a role; `settings` are other keys of director by name, such as timeouts."""

    method: str
    services: list[Entry]
    settings: dict[str, Entry]

    def value(self) -> dict[str, Any]:
        """The value that a reader of text() gets."""
        services = [
            {**service.value, "real_servers": [row.value for row in _accepted(service.pool)]}
            for service in self.accepted_services()
        ]
        director = {"method": self.method, "vips": self._vips(), "services": services}
        settings = {name: entry.value for name, entry in self.settings.items() if not entry.refusal}
        return {"version": 1, "director": director | settings}

    def accepted_services(self) -> list[Entry]:
        return _accepted(self.services)

    def refuse(self, findings: Iterable[Finding]) -> None:
        """Marks the entries that findings in value() are about as refused.

        A finding in a real server's address refuses that address in every service: the rules
        report an address once, and would report the next service's only in the next round.
        """
        services = [(entry, _accepted(entry.pool)) for entry in self.accepted_services()]
        by_vip = defaultdict(list)
        for service, _pool in services:
            by_vip[service.value.get("vip")].append(service)
        everywhere: dict[_Kind, str] = {}
        vips = self._vips()
        for finding in findings:
            match finding.path:
                case ("director", "vips", int(i), *_):
                    entries = by_vip[vips[i]["address"]]
                case _:
                    entries = self._entries(finding.path, services)
            refusal = _with_suggestion(finding)
            for entry in entries:
                entry.refuse(refusal)
            everywhere |= dict.fromkeys(self._kinds(finding, services), refusal)
        for service, pool in services if everywhere else ():
            for row in pool:
                if message := everywhere.get(self._kind(service, row)):
                    row.refuse(message)

    def _entries(self, path: Path, services: list[_Accepted]) -> list[Entry]:
        match path:
            case ("director", "services", int(i), "real_servers", int(j), *_):
                return [services[i][1][j]]
            case ("director", "services", int(i), *_):
                return [services[i][0]]
            case ("director", str(name), *_):
                return [self.settings[name]]
        return []  # the sentence that there may be more

    def _kinds(self, finding: Finding, services: list[_Accepted]) -> list[_Kind]:
        """Of a finding in an address that does not conflict with another real server."""
        match finding.path:
            case ("director", "services", int(i), "real_servers", int(j), "address"):
                service, pool = services[i]
                is_of_two = "services" in (finding.conflicts_with or ())
                return [] if is_of_two else [self._kind(service, pool[j])]
        return []

    def _kind(self, service: Entry, row: Entry) -> _Kind:
        """What the rules on a real server's address depend on."""
        is_ipv6 = ":" in service.value.get("vip", "") or service.value.get("family") == "ipv6"
        return row.value["address"], row.value.get("method", self.method), is_ipv6

    def refused(self) -> Iterator[Entry]:
        for service in self.services:
            yield from [service] if service.refusal else filter(_is_refused, service.pool)
        yield from filter(_is_refused, self.settings.values())

    def text(self) -> str:
        dumped = yaml.dump(
            self.value(), Dumper=_Dumper, default_flow_style=None, sort_keys=False, width=4096
        )
        head, vips, rest = str(dumped).partition("  vips:\n")
        lines = rest.split("\n")
        decide = _DECIDE_INTERFACE if self._declared() else _DECIDE_ADDRESS
        for i in range(len(self._vips())):
            lines[i] += decide
        return "".join([_HEAD, head, vips, "\n".join(lines), *self._left_out()])

    def _left_out(self) -> Iterator[str]:
        for index, entry in enumerate(self.refused()):
            yield f"{'' if index else _LEFT_OUT}# {entry.refusal}:\n"
            yield from (f"#   {command.command}\n" for command in (entry, *entry.pool))

    def _declared(self) -> list[str]:
        services = self.accepted_services()
        return list(dict.fromkeys(entry.value["vip"] for entry in services if "vip" in entry.value))

    def _vips(self) -> list[dict[str, str]]:
        """The services' VIPs; for firewall marks alone an unused address: a role has a VIP."""
        addresses = self._declared()
        if not addresses:
            used = {row.value["address"] for service in self.services for row in service.pool}
            others = (str(_PLACEHOLDER + i) for i in count())
            addresses = [next(address for address in others if address not in used)]
        return [{"address": address, "interface": "lo"} for address in addresses]


def _with_suggestion(finding: Finding) -> str:
    """Of the hints only a suggested word: the others say what to write in a role."""
    hint = hint_text(finding.hint)
    return f"{finding.message}; {hint}" if hint.startswith("did you mean") else finding.message


def _is_refused(entry: Entry) -> bool:
    return bool(entry.refusal)


def _accepted(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if not entry.refusal]


_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc]
    """Quotes the texts that YAML 1.2 reads as numbers."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$"),
    list("-+.0123456789"),
)
