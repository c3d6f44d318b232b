"""An IPVS table to the text of a director's role file: the way in for rules that exist. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import yaml

from lvsboot import defaults
from lvsboot.ipvs.rules.format import format_destination, format_service_key
from lvsboot.ipvs.table import (
    IPV4_HOST_MASK,
    IPV6_HOST_PREFIX,
    PLAIN_IPIP,
    Daemon,
    DaemonRole,
    Destination,
    DestinationKey,
    Family,
    FirewallMark,
    ForwardingMethod,
    Persistence,
    SchedulerFlag,
    Service,
    ServiceKey,
    Table,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
)
from lvsboot.model import SyncMode

_HEAD = """\
# Made from IPVS rules. Decide what is marked so, and add the host's own network.
version: 1
director:
  method: {method}
"""
_DECIDE = "  # decide: rules do not say which interface carries the VIP"


@dataclass(frozen=True, slots=True)
class Imported:
    """A role file's text, and sentences on what of the rules it cannot express."""

    text: str
    remarks: tuple[str, ...]


def import_table(table: Table) -> Imported:
    """The role whose rules give the same table, but for what the remarks name."""
    method = _usual_method(table)
    importer = _Importer(method)
    services = [importer.service(key, service) for key, service in table.services.items()]
    lines = [_HEAD.format(method=method.value), "  vips:\n"]
    lines += [f"    - {_flow(vip)}{_DECIDE}\n" for vip in _vips(table)]
    if not any(isinstance(key, VirtualAddress) for key in table.services):
        # A role has at least one VIP; marks alone do not tell which.
        lines.append(f"    - {_flow({'address': '192.0.2.1', 'interface': 'lo'})}")
        lines.append("  # decide: marks do not say which addresses they stand for\n")
    lines.append("  services:\n" if services else "  services: []\n")
    lines += services
    timeouts = {key: value for key, value in table.timeouts._asdict().items() if value}
    if timeouts:
        lines.append(f"  timeouts: {_flow(timeouts)}\n")
    if sync := _sync(table):
        lines.append(f"  sync: {_flow(sync)}\n")
    return Imported("".join(lines), (*importer.remarks, *_daemon_remarks(table)))


def _usual_method(table: Table) -> ForwardingMethod:
    counts = Counter(
        destination.method
        for service in table.services.values()
        for destination in service.destinations.values()
        if destination.method is not ForwardingMethod.LOCAL
    )
    return counts.most_common(1)[0][0] if counts else ForwardingMethod.DR


def _vips(table: Table) -> Iterator[dict[str, str]]:
    keys = [key for key in table.services if isinstance(key, VirtualAddress)]
    for address in dict.fromkeys(key.address for key in keys):
        yield {"address": str(ip_address(address)), "interface": "lo"}


def _running(table: Table) -> list[tuple[DaemonRole, Daemon]]:
    """The master first."""
    return [
        (role, daemon)
        for role in (DaemonRole.MASTER, DaemonRole.BACKUP)
        if (daemon := table.daemons.get(role)) is not None
    ]


def _sync(table: Table) -> dict[str, Any]:
    """director.sync; it has one set of options, the master's where they are two."""
    running = _running(table)
    if not running:
        return {}
    role, daemon = running[0]
    is_both = len(running) == 2 and running[1][1] == daemon
    found: dict[str, Any] = {
        "mode": (SyncMode.BOTH if is_both else SyncMode(role.value)).value,
        "interface": daemon.interface,
    }
    options = {
        "id": (daemon.sync_id, defaults.SYNC_ID),
        "group": (str(ip_address(daemon.group or defaults.SYNC_GROUP)), str(defaults.SYNC_GROUP)),
        "port": (daemon.port or defaults.SYNC_PORT, defaults.SYNC_PORT),
        "ttl": (daemon.ttl or defaults.SYNC_TTL, defaults.SYNC_TTL),
        "max_length": (daemon.max_length, 0),
    }
    return found | {key: value for key, (value, default) in options.items() if value != default}


def _daemon_remarks(table: Table) -> Iterator[str]:
    daemons = [daemon for _role, daemon in _running(table)]
    if len(daemons) == 2 and daemons[0] != daemons[1]:
        interface = daemons[1].interface
        yield f"the backup sync daemon on {interface}: its options are not the master's"


class _Importer:
    def __init__(self, method: ForwardingMethod) -> None:
        self._method = method
        self.remarks: list[str] = []

    def service(self, key: ServiceKey, service: Service) -> str:
        """The service as one entry of director.services; its default values are left out."""
        keys = {**_identity(key), **self._options(key, service)}
        lines = [f"{name}: {_flow(value)}\n" for name, value in keys.items()]
        text = "    - " + "      ".join(lines)
        rows = [
            self._destination(key, where, destination)
            for where, destination in service.destinations.items()
        ]
        kept = [f"        - {_flow(row)}\n" for row in rows if row is not None]
        return text + (
            "      real_servers:\n" + "".join(kept) if kept else "      real_servers: []\n"
        )

    def _options(self, key: ServiceKey, service: Service) -> dict[str, Any]:
        options = service.options
        found: dict[str, Any] = {}
        if options.scheduler != defaults.SCHEDULER:
            found["scheduler"] = options.scheduler
        flags = sorted(options.scheduler_flags)
        if SchedulerFlag.THIRD in flags:
            self._remark(key, "flag-3 of its scheduler has no name in a role file")
            flags.remove(SchedulerFlag.THIRD)
        if flags:
            found["scheduler_flags"] = [flag.value for flag in flags]
        if options.one_packet:
            found["one_packet"] = True
        if options.persistence is not None:
            found["persistence"] = self._persistence(key, options.persistence, options.engine)
        return found

    def _persistence(
        self, key: ServiceKey, persistence: Persistence, engine: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"timeout": persistence.timeout}
        prefix = _prefix(key.family, persistence.netmask)
        if prefix is None:
            self._remark(key, "its persistence netmask is not a prefix; every client is told apart")
        elif prefix != (32 if key.family is Family.IPV4 else IPV6_HOST_PREFIX):
            found["prefix"] = prefix
        if engine:
            found["engine"] = engine
        return found

    def _destination(
        self, key: ServiceKey, where: DestinationKey, destination: Destination
    ) -> dict[str, Any] | None:
        if destination.method is ForwardingMethod.LOCAL:
            self._remark(key, f"its destination {ip_address(where.address)} is this host itself")
            return None
        row: dict[str, Any] = {"address": str(ip_address(where.address))}
        if where.port != (key.port if isinstance(key, VirtualAddress) else 0):
            row["port"] = where.port
        if destination.weight != defaults.WEIGHT:
            row["weight"] = destination.weight
        if destination.method is not self._method:
            row["method"] = destination.method.value
        for name in ("upper_threshold", "lower_threshold"):
            if getattr(destination, name) != defaults.THRESHOLD:
                row[name] = getattr(destination, name)
        if destination.method is ForwardingMethod.TUN and destination.tunnel != PLAIN_IPIP:
            row["tunnel"] = self._tunnel(key, where, destination)
        return row

    def _tunnel(
        self, key: ServiceKey, where: DestinationKey, destination: Destination
    ) -> dict[str, Any]:
        tunnel: Tunnel = destination.tunnel
        row: dict[str, Any] = {"type": tunnel.type.value}
        if tunnel.type is TunnelType.GUE:
            row["port"] = tunnel.port
        if tunnel.checksum is TunnelChecksum.FULL:
            row["checksum"] = True
        if tunnel.checksum is TunnelChecksum.REMOTE:
            text = format_destination(where, destination)
            self._remark(key, f"remote checksum offload is not in a role file: {text}")
        return row

    def _remark(self, key: ServiceKey, sentence: str) -> None:
        self.remarks.append(f"{format_service_key(key)}: {sentence}")


def _identity(key: ServiceKey) -> dict[str, Any]:
    match key:
        case VirtualAddress(protocol, address, port):
            found: dict[str, Any] = {"vip": str(ip_address(address)), "port": port}
            return found if protocol is defaults.PROTOCOL else {**found, "protocol": protocol.value}
        case FirewallMark(mark, family):
            found = {"fwmark": mark}
            return found if family is defaults.FAMILY else {**found, "family": family.value}


def _prefix(family: Family, netmask: int) -> int | None:
    """The prefix length of the kernel's netmask, or None where it has holes."""
    if family is Family.IPV6:
        return netmask
    prefix = netmask.bit_count()
    return prefix if netmask == IPV4_HOST_MASK << (32 - prefix) & IPV4_HOST_MASK else None


def _flow(value: Mapping[str, Any] | list[str] | str | int) -> str:
    """The value on one line of YAML."""
    text = yaml.safe_dump(value, default_flow_style=True, width=4096, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
