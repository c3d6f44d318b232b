"""Tells a unit's stop from its restart, for an ExecStop= that must not empty the table between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lvsboot.errors import HostError
from lvsboot.system import programs as system

_MANAGER = "org.freedesktop.systemd1"


def is_plain_stop(unit: str, run: Callable[[Sequence[str]], str] = system.run) -> bool:
    """Whether the unit is being stopped, and not restarted, on a host that stays up.

    A restart's ExecStop= runs under a job of type `restart`. Where it cannot be told, as on a
    host that goes down and has no bus any more, it is no plain stop.
    """
    try:
        if run(["systemctl", "show", "--property=SystemState", "--value"]).strip() == "stopping":
            return False
        job = run(["systemctl", "show", "--property=Job", "--value", unit]).strip()
        if not job.isdigit():
            return False
        path = f"/org/freedesktop/systemd1/job/{job}"
        shown = run(["busctl", "get-property", _MANAGER, path, f"{_MANAGER}.Job", "JobType"])
    except HostError:
        return False
    return shown.strip() == 's "stop"'
