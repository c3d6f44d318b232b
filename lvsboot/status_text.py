"""Draws a status, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from lvsboot.commands.status import Status
from lvsboot.ipvs.live_text import (
    Columns,
    connection_value,
    connections_text,
    service_value,
    services_text,
)
from lvsboot.ipvs.rules.format import format_daemon, format_timeouts
from lvsboot.ipvs.text import changes_text, summary_text


def status_text(status: Status, columns: Columns) -> str:
    """The live table, or its connections; the timeouts; which rules are loaded; the drift."""
    shown = services_text(status.services, columns)
    if status.connections is not None:
        shown = connections_text(status.connections)
    lines = ["", format_timeouts(status.timeouts)]
    lines += (format_daemon(role, daemon) for role, daemon in status.daemons)
    lines.append(_loaded_line(status))
    return shown + "".join(f"{line}\n" for line in lines) + changes_text(status.drift)


def _loaded_line(status: Status) -> str:
    if not status.loaded:
        return "no rules are loaded"
    source = status.source or "rules whose file is another now"
    if not status.drift:
        return f"loaded: {source}"
    return f"loaded: {source}, from which the table has drifted ({summary_text(status.drift)}):"


def status_value(status: Status) -> dict[str, object]:
    """The same as JSON's values."""
    connections = status.connections
    return {
        "loaded": status.loaded,
        "source": status.source,
        "services": [service_value(service) for service in status.services],
        "timeouts": status.timeouts._asdict(),
        "daemons": [format_daemon(role, daemon) for role, daemon in status.daemons],
        "drift": changes_text(status.drift).splitlines(),
        "connections": None if connections is None else [*map(connection_value, connections)],
    }
