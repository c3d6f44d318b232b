"""Draws a status, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from lvsboot.cli.text.changes import changes_text, summary_text
from lvsboot.cli.text.clock import clock_time
from lvsboot.cli.text.live_table import (
    Columns,
    connection_value,
    connections_text,
    service_value,
    services_text,
)
from lvsboot.cli.text.weights import weight_lines, weight_marks, weights_value
from lvsboot.commands.status import Status
from lvsboot.ipvs.live import live_table
from lvsboot.ipvs.rules.format import format_daemon, format_timeouts
from lvsboot.ipvs.table import DestinationKey, ServiceKey, Table
from lvsboot.ipvs.weights import overridden_destinations
from lvsboot.system.printable import printable_line


def status_text(status: Status, columns: Columns) -> str:
    """The live table, or its connections; the timeouts; which rules are loaded; the drift."""
    shown = services_text(status.services, columns, _marks(status))
    if status.connections is not None:
        shown = connections_text(status.connections)
    lines = ["", format_timeouts(status.timeouts)]
    lines += (format_daemon(role, daemon) for role, daemon in status.daemons)
    lines.append(_loaded_line(status))
    lines += changes_text(status.drift).splitlines()
    if status.kept_weights:
        lines.append("weights that were set live, and are kept (a reload would not do this):")
        lines += changes_text(status.kept_weights).splitlines()
    lines += weight_lines(status.weights)
    lines += status.notes
    return shown + "".join(f"{printable_line(line)}\n" for line in lines)


def _marks(status: Status) -> dict[tuple[ServiceKey, DestinationKey], str]:
    """The destinations whose weight a person has set."""
    table = Table(live_table(status.services) if status.weights.overrides else {})
    return weight_marks([*overridden_destinations(table, status.weights.overrides)])


def _loaded_line(status: Status) -> str:
    if not status.loaded:
        return "no rules are loaded"
    source = status.source or "rules from a start that was killed"
    since = "" if status.since is None else f", since {clock_time(status.since)}"
    if not status.drift:
        return f"loaded: {source}{since}"
    drift = f"from which the table has drifted ({summary_text(status.drift)}):"
    return f"loaded: {source}{since}, {drift}"


def status_value(status: Status) -> dict[str, object]:
    """The same as JSON's values."""
    connections = status.connections
    return {
        "loaded": status.loaded,
        "source": status.source,
        "since": None if status.since is None else round(status.since),
        "services": [service_value(service) for service in status.services],
        "timeouts": status.timeouts._asdict(),
        "daemons": [format_daemon(role, daemon) for role, daemon in status.daemons],
        "drift": changes_text(status.drift).splitlines(),
        "kept_weights": changes_text(status.kept_weights).splitlines(),
        "weights": weights_value(status.weights),
        "weights_damage": status.weights.damage,
        "notes": [*status.notes],
        "connections": None if connections is None else [*map(connection_value, connections)],
    }
