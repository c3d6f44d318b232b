"""A director's role file in the making: its entries, those that are left out, and its text. Pure.

What a role refuses stands at the text's end, as ipvsadm's commands in a comment that says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address
from itertools import chain, count
from typing import Any

import yaml

from lvsboot.role.document import Finding
from lvsboot.system.printable import printable_line

_HEAD = """\
# Made from IPVS rules. Decide what is marked so, and add the host's own network.
version: 1
director:
  method: {method}
"""
_LEFT_OUT = """
# Left out, since a role refuses it; as ipvsadm would be told:
#
"""
_DECIDE_INTERFACE = "  # decide: rules do not say which interface carries the VIP"
_DECIDE_ADDRESS = "  # decide: no service here says which addresses this host stands for"
# RFC 5737: nobody's.
_PLACEHOLDER = IPv4Address("192.0.2.1")


@dataclass(slots=True, eq=False)
class Entry:
    """A value of the role; once it has been refused, a comment.

    `name` is what ipvsadm calls it, `commands` are those that it stands for.
    """

    value: dict[str, Any]
    name: str
    commands: tuple[str, ...]
    refusal: str = ""

    def refuse(self, message: str) -> None:
        self.refusal = self.refusal or printable_line(message)

    def all_commands(self) -> tuple[str, ...]:
        return self.commands


@dataclass(slots=True, eq=False)
class ServiceEntry(Entry):
    """An entry of director.services, but for its real servers, which are `pool`."""

    pool: list[Entry] = field(default_factory=list)

    def kept(self) -> list[Entry]:
        return [row for row in self.pool if not row.refusal]

    def all_commands(self) -> tuple[str, ...]:
        return (*self.commands, *chain.from_iterable(row.commands for row in self.pool))


_Shown = tuple[ServiceEntry, list[Entry]]
"""A service and those of its real servers that the role's value has."""
_Kind = tuple[str, str, bool]


@dataclass(slots=True)
class Sketch:
    """The parts of a role; `timeouts` and `sync` may be missing."""

    method: str
    services: list[ServiceEntry]
    timeouts: Entry | None = None
    sync: Entry | None = None

    @property
    def has_services(self) -> bool:
        return bool(self._kept())

    def value(self) -> dict[str, Any]:
        """What the text means to who reads it as a role."""
        director: dict[str, Any] = {
            "method": self.method,
            "vips": self._vips(),
            "services": [
                {**service.value, "real_servers": [row.value for row in service.kept()]}
                for service in self._kept()
            ],
        }
        for name, entry in self._others():
            if not entry.refusal:
                director[name] = entry.value
        return {"version": 1, "director": director}

    def refuse(self, findings: Iterable[Finding]) -> None:
        """Leaves out what the findings in `value()` are about."""
        vips, shown = self._vips(), [(it, it.kept()) for it in self._kept()]
        by_vip: dict[str, list[Entry]] = {}
        for service, _pool in shown:
            by_vip.setdefault(service.value.get("vip", ""), []).append(service)
        everywhere: dict[_Kind, str] = {}
        for finding in findings:
            match finding.path:
                case ("director", "vips", int(i), *_):
                    entries = by_vip.get(vips[i]["address"], [])
                case _:
                    entries = self._entries(finding, shown)
            for entry in entries:
                entry.refuse(finding.message)
            if kind := self._kind_of(finding, shown):
                everywhere[kind] = finding.message
        for service, pool in shown if everywhere else ():
            for row in pool:
                if message := everywhere.get(self._kind(service, row)):
                    row.refuse(message)

    def _entries(self, finding: Finding, services: list[_Shown]) -> list[Entry]:
        match finding.path:
            case ("director", "services", int(i), "real_servers", int(j), *_):
                return [services[i][1][j]]
            case ("director", "services", int(i), *_):
                return [services[i][0]]
            case ("director", "timeouts" | "sync" as name, *_):
                return [entry for other, entry in self._others() if other == name]
            case ():  # that there are more
                return []
            case _:
                raise ValueError(f"nothing could be left out for {finding}")

    def _kind_of(self, finding: Finding, services: list[_Shown]) -> _Kind | None:
        """Of which real servers more than this one are refused.

        The rules look at an address once, and would name the next one only when this one is gone.
        """
        match finding.path:
            case ("director", "services", int(i), "real_servers", int(j), "address"):
                is_between_two = (
                    finding.conflicts_with is not None and "services" in finding.conflicts_with
                )
                service, pool = services[i]
                return None if is_between_two else self._kind(service, pool[j])
        return None

    def _kind(self, service: ServiceEntry, row: Entry) -> _Kind:
        """All that the rules on a real server's address look at."""
        address, vip = row.value["address"], service.value.get("vip", "")
        is_ipv6 = ":" in vip or service.value.get("family") == "ipv6"
        return address, row.value.get("method", self.method), is_ipv6

    def refused(self) -> Iterator[Entry]:
        for service in self.services:
            if service.refusal:
                yield service
            else:
                yield from (row for row in service.pool if row.refusal)
        yield from (entry for _name, entry in self._others() if entry.refusal)

    def text(self) -> str:
        lines = [_HEAD.format(method=self.method), "  vips:\n"]
        decide = _DECIDE_INTERFACE if self._declared() else _DECIDE_ADDRESS
        lines += [f"    - {_flow(vip)}{decide}\n" for vip in self._vips()]
        lines.append("  services:\n" if self._kept() else "  services: []\n")
        lines += map(_service_text, self._kept())
        lines += [
            f"  {name}: {_flow(entry.value)}\n"
            for name, entry in self._others()
            if not entry.refusal
        ]
        return "".join([*lines, *self._left_out()])

    def _left_out(self) -> Iterator[str]:
        for index, entry in enumerate(self.refused()):
            yield f"# {entry.refusal}:\n" if index else f"{_LEFT_OUT}# {entry.refusal}:\n"
            yield from (f"#   {command}\n" for command in entry.all_commands())

    def _kept(self) -> list[ServiceEntry]:
        return [service for service in self.services if not service.refusal]

    def _others(self) -> Iterator[tuple[str, Entry]]:
        for name, entry in (("timeouts", self.timeouts), ("sync", self.sync)):
            if entry is not None:
                yield name, entry

    def _declared(self) -> list[str]:
        return list(dict.fromkeys(it.value["vip"] for it in self._kept() if "vip" in it.value))

    def _vips(self) -> list[dict[str, str]]:
        """A role has at least one VIP, and firewall marks do not tell which."""
        addresses = self._declared()
        if not addresses:
            used = {row.value["address"] for service in self.services for row in service.pool}
            others = (str(_PLACEHOLDER + i) for i in count())
            addresses = [next(address for address in others if address not in used)]
        return [{"address": address, "interface": "lo"} for address in addresses]


def _flow(value: Any) -> str:  # noqa: ANN401
    """The value on one line of YAML."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case int() if not isinstance(value, bool):
            return str(value)
        case str() if _IPV4.fullmatch(value):
            return value
        case str() if _IPV6.fullmatch(value):
            return f"'{value}'"
    return _dumped(value)


@cache
def _dumped(value: str | bool) -> str:  # noqa: FBT001
    """A word as the library quotes it: those of a table are few, but for its addresses."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=4096, sort_keys=False)
    return str(text).removesuffix("\n").removesuffix("\n...")


# Texts of YAML 1.2 as they stand, and in quotes.
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_IPV6 = re.compile(r"[0-9a-f:]*:[0-9a-f:.]*")


class _Dumper(yaml.SafeDumper):
    """PyYAML quotes what YAML 1.1 takes for a number; who reads this reads YAML 1.2."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|0o[0-7]+$"),
    list("-+.0123456789"),
)


def _service_text(service: ServiceEntry) -> str:
    lines = [f"{name}: {_flow(value)}\n" for name, value in service.value.items()]
    rows = "".join(f"        - {_flow(row.value)}\n" for row in service.kept())
    servers = f"      real_servers:\n{rows}" if rows else "      real_servers: []\n"
    return "    - " + "      ".join(lines) + servers
