"""Draws what the service verbs did and found, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from lvsboot.commands.service import Loaded, Status
from lvsboot.ipvs.changes import EditDestination, EditService
from lvsboot.ipvs.rules.format import format_daemon, format_timeouts
from lvsboot.ipvs.text import (
    Columns,
    changes_text,
    connection_value,
    connections_text,
    done_text,
    service_value,
    services_text,
    summary_text,
)


def loaded_text(loaded: Loaded) -> str:
    """Notes, warnings, every edit and a summary.

    Thousands of additions at boot are the rules file once more; what an edit takes back, such as
    a weight that somebody set live, is news.
    """
    source = loaded.source
    edits = [row for row in loaded.changes if isinstance(row, EditService | EditDestination)]
    lines = [source.note] if source.note else []
    lines += (f"warning: {warning}" for warning in loaded.warnings)
    lines += changes_text(edits).splitlines()
    lines.append(f"{source.path}: {done_text(loaded.changes)}")
    return "".join(f"{line}\n" for line in lines)


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
