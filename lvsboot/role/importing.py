"""An IPVS table to the text of a director's role file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lvsboot.errors import InputError
from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.rules.format import (
    format_daemon,
    format_destination,
    format_service,
    format_service_key,
    format_timeouts,
)
from lvsboot.ipvs.table import (
    IPV4_HOST_MASK,
    IPV6_HOST_PREFIX,
    PLAIN_IPIP,
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
    ServiceOptions,
    Table,
    Tunnel,
    TunnelChecksum,
    TunnelType,
    VirtualAddress,
)
from lvsboot.problem import Problem, Severity, Span
from lvsboot.role import defaults
from lvsboot.role.constraints.services import FLAGGED_SCHEDULERS
from lvsboot.role.document import MAX_BYTES, MAX_VALUES
from lvsboot.role.model import SyncMode
from lvsboot.role.reader import check_value
from lvsboot.role.role_draft import Entry, RoleDraft


@dataclass(frozen=True, slots=True)
class Imported:
    """A role file's text, sentences on what is left out, and how many services are in and out."""

    text: str
    remarks: tuple[str, ...]
    services: int
    services_left_out: int = 0


def import_table(table: Table, *, file: str = "<rules>") -> Imported:
    """The role with the same table, except for what the remarks name.

    An entry that a role refuses is a comment at the text's end, so that the rest is valid. Raises
    InputError about `file` where the role would be too large, or too many entries are refused.
    """
    method = _usual_method(table)
    importer = _Importer(method)
    services = [importer.service(key, service) for key, service in table.services.items()]
    settings = {"timeouts": _timeouts(table), "sync": importer.sync(table)}
    draft = RoleDraft(method.value, services, {key: it for key, it in settings.items() if it})
    _refuse_entries(draft, file)
    refused = (f"{entry.name}: {entry.refusal}" for entry in draft.refused())
    text = draft.text()
    if (size := len(text.encode())) > MAX_BYTES:
        raise _too_large(file, f"{size:,} bytes; it has at most {MAX_BYTES:,}")
    remarks = (*importer.remarks, *refused)
    accepted = len(draft.accepted_services())
    return Imported(text, remarks, accepted, len(services) - accepted)


def _refuse_entries(draft: RoleDraft, file: str) -> None:
    """Checks the whole role until nothing is refused, or MAX_VALUES have been checked in vain."""
    checked = 0
    while True:
        value = draft.value()
        count = count_values(value)
        if count > MAX_VALUES:
            raise _too_large(file, f"{count:,} values; it has at most {MAX_VALUES:,}")
        _role, findings = check_value(value)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if not errors:
            return
        checked += count
        if checked > MAX_VALUES:
            message = f"a role refuses too many of these rules, the last since {errors[0].message}"
            hint = "remove these rules"
            raise InputError([Problem(file, Span(1), message, hint=hint)])
        draft.refuse(errors)


def count_values(value: Any) -> int:  # noqa: ANN401
    """The values in a role's value, as role/document.py counts them in a text."""
    match value:
        case dict():
            return 1 + sum(map(count_values, value.values()))
        case list():
            return 1 + sum(map(count_values, value))
    return 1


def _too_large(file: str, what: str) -> InputError:
    message = f"the role would have {what}"
    return InputError([Problem(file, Span(1), message, hint="import a part of the rules")])


def _usual_method(table: Table) -> ForwardingMethod:
    counts = Counter(
        destination.method
        for service in table.services.values()
        for destination in service.destinations.values()
        if destination.method is not ForwardingMethod.LOCAL
    )
    return counts.most_common(1)[0][0] if counts else ForwardingMethod.DR


def _timeouts(table: Table) -> Entry | None:
    timeouts = {key: value for key, value in table.timeouts._asdict().items() if value}
    return Entry(timeouts, "--set", format_timeouts(table.timeouts)) if timeouts else None


def _without_defaults(values: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """`values` are pairs of a value and the default of its key."""
    return {key: value for key, (value, default) in values.items() if value != default}


class _Importer:
    def __init__(self, method: ForwardingMethod) -> None:
        self._method = method
        self.remarks: list[str] = []

    def service(self, key: ServiceKey, service: Service) -> Entry:
        """The service as an entry of director.services, without default values."""
        rows = (self._destination(key, *pair) for pair in service.destinations.items())
        return Entry(
            {**_identity(key), **self._options(key, service.options)},
            format_service_key(key),
            f"-A {format_service(key, service.options)}",
            pool=[row for row in rows if row is not None],
        )

    def sync(self, table: Table) -> Entry | None:
        """director.sync, with the master's options where the backup's differ."""
        running = [
            (role, daemon)
            for role in (DaemonRole.MASTER, DaemonRole.BACKUP)
            if (daemon := table.daemons.get(role)) is not None
        ]
        if not running:
            return None
        role, daemon = running[0]
        is_both = len(running) == 2 and running[1][1] == daemon
        if len(running) == 2 and not is_both:
            backup = f"the backup sync daemon on {running[1][1].interface}"
            self.remarks.append(f"{backup}: its options are not the master's")
        group = daemon.group or defaults.SYNC_GROUP.packed
        value = {
            "mode": (SyncMode.BOTH if is_both else SyncMode(role.value)).value,
            "interface": daemon.interface,
            **_without_defaults(
                {
                    "id": (daemon.sync_id, defaults.SYNC_ID),
                    "group": (format_address(group), str(defaults.SYNC_GROUP)),
                    "port": (daemon.port or defaults.SYNC_PORT, defaults.SYNC_PORT),
                    "ttl": (daemon.ttl or defaults.SYNC_TTL, defaults.SYNC_TTL),
                    "max_length": (daemon.max_length, 0),
                }
            ),
        }
        first, *more = (Entry({}, "", format_daemon(*pair)) for pair in running)
        return Entry(value, f"--start-daemon {role.value}", first.command, pool=more)

    def _options(self, key: ServiceKey, options: ServiceOptions) -> dict[str, Any]:
        found = _without_defaults(
            {
                "scheduler": (options.scheduler, defaults.SCHEDULER),
                "one_packet": (options.one_packet, False),
            }
        )
        flags = sorted(options.scheduler_flags)
        if SchedulerFlag.THIRD in flags:
            self._remark(key, "flag-3 of its scheduler has no name in a role file")
            flags.remove(SchedulerFlag.THIRD)
        if flags and options.scheduler not in FLAGGED_SCHEDULERS:
            self._remark(key, f"scheduler flags, which '{options.scheduler}' ignores")
        elif flags:
            found["scheduler_flags"] = [flag.value for flag in flags]
        if options.persistence is not None:
            found["persistence"] = self._persistence(key, options.persistence, options.engine)
        elif options.engine:
            self._remark(key, f"its engine '{options.engine}' needs persistence")
        return found

    def _persistence(
        self, key: ServiceKey, persistence: Persistence, engine: str
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"timeout": persistence.timeout}
        prefix = _prefix(key.family, persistence.netmask)
        if prefix is None:
            self._remark(key, "its persistence netmask is not a prefix: the role has none")
        elif prefix != (32 if key.family is Family.IPV4 else IPV6_HOST_PREFIX):
            found["prefix"] = prefix
        if engine:
            found["engine"] = engine
        return found

    def _destination(
        self, key: ServiceKey, where: DestinationKey, destination: Destination
    ) -> Entry | None:
        address = format_address(where.address)
        if destination.method is ForwardingMethod.LOCAL:
            self._remark(key, f"its destination {address} is this host itself")
            return None
        row: dict[str, Any] = {"address": address}
        if where.port != (key.port if isinstance(key, VirtualAddress) else 0):
            if destination.method is ForwardingMethod.NAT:
                row["port"] = where.port
            else:
                self._remark(key, f"the port of {format_endpoint(*where)}: only nat rewrites it")
        row |= _without_defaults(
            {
                "weight": (destination.weight, defaults.WEIGHT),
                "method": (destination.method.value, self._method.value),
                "upper_threshold": (destination.upper_threshold, defaults.THRESHOLD),
                "lower_threshold": (destination.lower_threshold, defaults.THRESHOLD),
            }
        )
        if destination.method is ForwardingMethod.TUN and destination.tunnel != PLAIN_IPIP:
            row["tunnel"] = self._tunnel(key, where, destination)
        name = f"{format_service_key(key)} -r {address}"
        command = f"-a {format_service_key(key)} {format_destination(where, destination)}"
        return Entry(row, name, command)

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
            found: dict[str, Any] = {"vip": format_address(address), "port": port}
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
