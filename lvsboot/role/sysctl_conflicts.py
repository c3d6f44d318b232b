"""The lines of sysctl.d that override parameters of a role. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lvsboot.role.derived_sysctls import derived_sysctls
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.system.sysctl.arp import SILENT, settings_openings
from lvsboot.system.sysctl.globs import is_glob
from lvsboot.system.sysctl.settings import InForce, Settings, named_devices, parse_integer
from lvsboot.system.sysctl.text import Assignment, dotted, parse_key

# Two names of one variable: a write to either sets it on all devices (inet_forward_change()).
_FORWARDING = "net/ipv4/ip_forward"
_ALIASES = {_FORWARDING: "net/ipv4/conf/all/forwarding"}
_ALIASES |= {alias: name for name, alias in _ALIASES.items()}
_ARP = tuple(f"/{key}" for key in SILENT)


class Conflict(NamedTuple):
    """A line that sets `key` otherwise than the role, and whether that breaks the role.

    `line` is None where no line sets the parameter.
    """

    key: str
    wanted: str
    line: Assignment | None
    sentence: str
    breaks: bool


def sysctl_conflicts(role: Role, settings: Settings) -> Iterator[Conflict]:
    """Every parameter of the role that another line overrides, in the role's order."""
    derived = {parse_key(key): value for key, value in derived_sysctls(role).items()}
    own = {parse_key(key): value for key, value in role.sysctl.items()}
    for key, value in {**derived, **own}.items():
        # More than one value keeps ARP silent: see settings_openings() below.
        if is_glob(key) or (key in derived and key.endswith(_ARP)):
            continue
        breaks = key in derived and _breaks(key, role)
        yield from _on_key(key, value, settings, breaks=breaks)
    if derived.get(_FORWARDING) == "1":
        yield from _closed_devices(role, settings)
    if isinstance(role.kind, RealServer) and any(key.endswith(_ARP) for key in derived):
        for opening in settings_openings(settings, [nic.name for nic in role.nics]):
            yield Conflict(opening.key, opening.needed, opening.line, opening.sentence, breaks=True)


def _on_key(key: str, wanted: str, settings: Settings, *, breaks: bool) -> Iterator[Conflict]:
    found = _last(settings, key)
    if found is None:
        sentence = f"no line sets {dotted(key)}, which is to be {wanted}"
        yield Conflict(key, wanted, None, sentence, breaks)
    elif not is_same_value(found.line.value, wanted):
        yield Conflict(key, wanted, found.line, _sentence(key, wanted, found.line), breaks)


def _last(settings: Settings, key: str) -> InForce | None:
    """The line applied last under either name; any value comes after a line that sets none."""
    names = (key, _ALIASES[key]) if key in _ALIASES else (key,)
    found = [setting for setting in map(settings.in_force, names) if setting is not None]
    return max(
        found, key=lambda setting: (setting.line.value is not None, setting.order), default=None
    )


def _sentence(key: str, wanted: str, line: Assignment) -> str:
    name = dotted(key)
    if line.value is None:
        made = f"keeps {name} from being set"
    elif line.key == key:
        made = f"sets {name} to '{line.value}'"
    else:
        made = f"sets {dotted(line.key)} to '{line.value}', and {name} with it"
    return f"{line.place} {made}: the role needs {wanted}"


def _breaks(key: str, role: Role) -> bool:
    """Whether the role cannot work without it: not tuning, nor accept_ra of all and default.

    The kernel reads accept_ra of each interface.
    """
    if isinstance(role.kind, Director) and key.startswith("net/ipv4/vs/"):
        return False
    return not key.endswith(("/all/accept_ra", "/default/accept_ra"))


def _closed_devices(role: Role, settings: Settings) -> Iterator[Conflict]:
    """Devices that do not forward what they receive, by a 0 of their own (IN_DEV_FORWARD).

    A write to ip_forward sets `default` and all existing devices. A later one starts with the
    value of `default` (inetdev_init()), and udev has systemd-sysctl apply the lines that name it
    (99-systemd.rules).
    """
    ours = {nic.name for nic in role.nics}
    opened = _last(settings, _FORWARDING)
    for name in ("default", *sorted({*ours, *named_devices(settings)} - {"default"})):
        key = f"net/ipv4/conf/{name}/forwarding"
        found = settings.in_force(key)
        if found is None or found.line.value is None:
            continue
        if parse_integer(found.line.value) not in {0, None}:
            continue
        if name == "default" and opened is not None and found.order < opened.order:
            continue
        sentence = _sentence(key, "1", found.line)
        yield Conflict(key, "1", found.line, sentence, breaks=name in {"default", *ours})


def is_same_value(found: str | None, wanted: str) -> bool:
    """Whether the kernel reads both alike: 0x1 is 1, and any blanks separate values."""
    if found is None:
        return False
    numbers = parse_integer(found), parse_integer(wanted)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return found.split() == wanted.split()
