"""What a first boot's provisioner takes beside cloud-init, and an apply beside its libraries."""

from __future__ import annotations

import shlex

from lab.vm import VM

PROVISIONER = ("lvs-provision.service",)
# Of cloud-init before 24.3, and since.
CLOUD_INIT = (
    "cloud-init-main.service",
    "cloud-init-local.service",
    "cloud-init.service",
    "cloud-init-network.service",
    "cloud-config.service",
    "cloud-final.service",
)
_LIBRARIES = "python3 -c 'import yaml, jinja2, jsonschema, pyroute2'"
_SYSTEMCTL = "systemctl daemon-reload; systemctl reload-or-restart lvs.service"


def processor_seconds(vm: VM, units: tuple[str, ...]) -> float:
    """Of all processes that the units have had in this boot, those that have ended included."""
    shown = vm.run(f"systemctl show -P CPUUsageNSec {' '.join(units)}").split("\n")
    return sum(int(text) for text in shown if text.isdecimal()) / 1e9


def starting_seconds(vm: VM, units: tuple[str, ...]) -> float:
    """On the clock: how long the boot waited for the units, one by one."""
    total = 0
    for unit in units:
        events = ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
        began, ended = (int(vm.run(f"systemctl show -P {event} {unit}")) for event in events)
        # Neither of a unit that this release lacks.
        total += ended - began if ended else 0
    return total / 1e6


def seconds(vm: VM, command: str) -> float:
    """On the clock, the median of three runs."""
    timed = f"TIMEFORMAT=%R; time {{ {command}; }} >/dev/null 2>&1"
    runs = [float(vm.run(f"bash -c {shlex.quote(timed)} 2>&1")) for _ in range(3)]
    return sorted(runs)[1]


def share_line(vm: VM) -> str:
    """The provisioner's share of cloud-init's time, as a line to print."""
    figures = []
    for name, measured in (("processor", processor_seconds), ("clock", starting_seconds)):
        ours, theirs = measured(vm, PROVISIONER), measured(vm, CLOUD_INIT)
        assert ours > 0, f"{vm.name}: systemd has not counted the provisioner's time"
        assert theirs > 0, f"{vm.name}: systemd has not counted cloud-init's time"
        figures.append(f"{name} {ours:.1f} of {theirs:.1f} s, {ours / theirs:.2f}")
    return f"{vm.name}: the provisioner beside cloud-init: {'; '.join(figures)} (aim: 0.33)"


def apply_line(vm: VM) -> str:
    """An apply with nothing to do, as a line to print."""
    assert vm.run("lvsboot apply") == "no changes\n"
    applied = seconds(vm, "lvsboot apply")
    imported, waited = seconds(vm, _LIBRARIES), seconds(vm, _SYSTEMCTL)
    ratio = (applied - waited) / imported
    return (
        f"{vm.name}: apply with nothing to do: {applied:.1f} s, of which systemctl {waited:.1f} s; "
        f"{ratio:.1f} times the import of its libraries, {imported:.1f} s (aim: 3)"
    )
