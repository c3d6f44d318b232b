"""Checks of systemd's units: those of the role are active, and none is masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lvsboot.commands.verify.checks.files import ENABLED
from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.host.unit_states import UnitState
from lvsboot.install.tree import Link, Tree
from lvsboot.role.model import RealServer, Role

ACTIVE = "units.active"
_SERVICE, _TUNNEL = "lvs.service", "lvs-tunnel.service"
# They apply a role, and then have no more to do.
_PROVISIONERS = ("lvs-provision.service", "lvs-provision-early.service")
_RUNNING = {"active", "reloading", "activating"}


def active_units(role: Role, tree: Tree) -> tuple[str, ...]:
    """The units of lvsboot that should be active on a host with this role, sorted."""
    links = (entry.path for entry in tree if isinstance(entry, Link) and ".wants/" in entry.path)
    names = {path.rpartition("/")[2] for path in links}
    units = {name for name in names if name.startswith("lvs") and name not in _PROVISIONERS}
    if isinstance(role.kind, RealServer) and role.kind.tunnel is not None:
        units.add(_TUNNEL)
    return tuple(sorted(units))


def check_units(live: LiveFacts) -> Iterator[Result]:
    if isinstance(live.units, Unseen):
        yield unseen(ACTIVE, live.units, "the role's units are active")
        return
    masked = list(_masked(live.units))
    if masked:
        yield from found(ENABLED, masked, "")
    right = f"{len(live.units)} units are active"
    yield from found(ACTIVE, _inactive(live.units), right)


def _masked(units: Mapping[str, UnitState]) -> Iterator[Result]:
    for name, state in units.items():
        if state.load == "masked":
            fix = f"`systemctl unmask {name}`"
            yield failure(ENABLED, f"{name} is masked", "no unit of the role is masked", fix)


def _inactive(units: Mapping[str, UnitState]) -> Iterator[Result]:
    for name, state in units.items():
        if state.active in _RUNNING:
            continue
        how = f"{state.active} ({state.result})" if state.active == "failed" else state.active
        if state.load not in {"loaded", "masked"}:
            how = f"{how}, and systemd has not loaded it ({state.load})"
        verb = "restart" if name == _SERVICE else "start"
        fix = f"`systemctl {verb} {name}`"
        if state.active == "failed":
            fix = f"see `systemctl status {name}`; then {fix}"
        yield failure(ACTIVE, f"{name} is {how}", "active", fix)
