"""The verbs drain, undrain and weight: a person's weights, which stay until taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import read_weight_state, write_overrides
from lvsboot.errors import HostError, KernelRefusedError, UsageError
from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.changes import Change, EditDestination
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.reconcile import execute_all_or_none
from lvsboot.ipvs.refusals import refusal_text
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.service_name import format_service_name, parse_endpoint, parse_service_name
from lvsboot.ipvs.table import DestinationKey, ServiceKey, Table
from lvsboot.ipvs.weights import (
    Override,
    Overrides,
    Target,
    covers,
    effective_weight,
    override_of,
    refuses_clients,
    with_override,
    without_override,
)
from lvsboot.system.lock import Lock, Log, log_nothing
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.textfiles import read_bytes

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = StatePaths()
_EXPIRE_TEMPLATES = "/proc/sys/net/ipv4/vs/expire_quiescent_template"


class Weighed(NamedTuple):
    """The destinations that a verb was about, what changed in the kernel, and notes on it.

    `is_loaded` is False while no rules are loaded: then the next start has the weights.
    """

    targets: tuple[Target, ...]
    destinations: tuple[tuple[ServiceKey, DestinationKey], ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    is_loaded: bool


class _Words(NamedTuple):
    """A real server's address, and its port or None; each named service with what it may mean."""

    endpoint: tuple[bytes, int | None]
    services: tuple[tuple[str, tuple[ServiceKey, ...]], ...]


class _Rules(NamedTuple):
    table: Table
    is_loaded: bool


def set_weight(
    real_server: str,
    weight: int,
    *,
    by: str,
    services: Sequence[str] = (),
    refuse_clients: bool = False,
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    log: Log = log_nothing,
) -> Weighed:
    """Give a real server this weight, in these services or in all; 0 drains it.

    Raises UsageError, HostError and KernelRefusedError; nothing has changed then.
    """
    words = _parse_words(real_server, services)
    with Lock(places.lock, "drain" if weight == 0 else "weight", log):
        former = read_weight_state(places).require()
        rules = _read_rules(places)
        targets = _targets(words, rules.table)
        destinations = _destinations(targets, rules.table)
        if not destinations:
            raise HostError(_absent(targets, rules.table))
        if weight == 0 and not refuse_clients:
            _require_fallback(destinations, rules.table)
        now = former
        for target in targets:
            present = former.get(target)
            # A repeated drain is still the first one's.
            if present is None or present.weight != weight:
                now = with_override(now, target, Override(weight, int(time.time()), by))
            else:
                now = with_override(now, target, present)
        changes = _change(former, now, destinations, rules, places=places, connect=connect)
    notes = tuple(_template_notes(destinations, rules.table)) if weight == 0 else ()
    return Weighed(targets, destinations, changes, notes, rules.is_loaded)


def take_back(
    real_server: str,
    *,
    services: Sequence[str] = (),
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    log: Log = log_nothing,
) -> Weighed:
    """Give a real server the loaded rules' weight again, whatever a person had set.

    Raises as set_weight() does.
    """
    words = _parse_words(real_server, services)
    with Lock(places.lock, "undrain", log):
        former = read_weight_state(places).require()
        rules = _read_rules(places)
        targets = _targets(words, rules.table, former)
        now = former
        for target in targets:
            _require_own(target, former)
            now = without_override(now, target)
        destinations = _destinations(targets, rules.table)
        changes = _change(former, now, destinations, rules, places=places, connect=connect)
    return Weighed(targets, destinations, changes, (), rules.is_loaded)


def _read_rules(places: StatePaths) -> _Rules:
    loaded = run_state.loaded_rules(places)
    if loaded is None:
        return _Rules(rulefiles.choose_rules(places).table(), is_loaded=False)
    return _Rules(loaded.table(), is_loaded=True)


def _parse_words(real_server: str, services: Sequence[str]) -> _Words:
    """Raises UsageError, before the lock is taken and the rules are read."""
    endpoint = parse_endpoint(real_server)
    if endpoint is None:
        raise UsageError(f"{real_server!r} is not a real server: ADDRESS, or ADDRESS:PORT")
    meant = tuple((name, parse_service_name(name)) for name in services)
    for name, keys in meant:
        if not keys:
            raise UsageError(f"{name!r} is not a service: VIP:PORT, VIP:PORT/udp or fwmark:NUMBER")
    return _Words(endpoint, meant)


def _targets(words: _Words, table: Table, overrides: Overrides | None = None) -> tuple[Target, ...]:
    """What the words mean; services that only `overrides` have count, too."""
    if not words.services:
        return (Target(*words.endpoint),)
    known = {*table.services, *(target.service for target in overrides or ())}
    found: list[ServiceKey] = []
    for name, meant in words.services:
        present = [key for key in meant if key in known]
        if not present:
            names = ", ".join(map(format_service_name, table.services))
            raise HostError(f"{name} is none of the rules' services: {names or 'there are none'}")
        found += present
    return tuple(Target(*words.endpoint, key) for key in found)


def _destinations(
    targets: Iterable[Target], table: Table
) -> tuple[tuple[ServiceKey, DestinationKey], ...]:
    return tuple(
        (service, key)
        for target in targets
        for service, (_, pool) in table.services.items()
        for key in pool
        if covers(target, Target(*key, service))
    )


def _absent(targets: Sequence[Target], table: Table) -> str:
    name = _name(targets[0])
    where = "a service of the rules" if targets[0].service is None else "that service"
    addresses = sorted({key.address for row in table.services.values() for key in row.destinations})
    known = ", ".join(map(format_address, addresses[:10]))
    more = ", ..." if len(addresses) > 10 else ""
    return f"{name} is no real server of {where}; the rules have {known or 'none'}{more}"


def _name(target: Target) -> str:
    if target.port is None:
        return format_address(target.address)
    return format_endpoint(target.address, target.port)


def _require_fallback(
    destinations: Iterable[tuple[ServiceKey, DestinationKey]], table: Table
) -> None:
    services = dict.fromkeys(service for service, _ in destinations)
    for service in services:
        options = table.services[service].options
        if refuses_clients(options):
            fix = (
                "give the service `scheduler_flags: [fallback]` in the role, which gives them to "
                "another one"
                if options.scheduler != "dh"
                else "give the service another scheduler in the role"
            )
            raise HostError(
                f"{format_service_name(service)} has the scheduler {options.scheduler}, which "
                f"would refuse the clients of a drained real server: {fix}; or repeat this with "
                "--refuse-clients if that is meant. Nothing has changed"
            )


def _require_own(target: Target, overrides: Overrides) -> None:
    """HostError where nothing would be taken back, or a wider drain would stay."""
    if any(covers(target, other) for other in overrides):
        return
    wider = next((other for other in overrides if covers(other, target)), None)
    if wider is None:
        raise HostError(f"nobody has set a weight of {_name(target)}: nothing to take back")
    what = "with all its ports" if wider.service == target.service else "in every service"
    raise HostError(
        f"the weight of {_name(wider)} was set {what}: `lvsboot undrain {_name(wider)}` takes that "
        "back, and `lvsboot weight` with --service makes an exception"
    )


def _change(
    former: Overrides,
    now: Overrides,
    destinations: Iterable[tuple[ServiceKey, DestinationKey]],
    rules: _Rules,
    *,
    places: StatePaths,
    connect: Connect,
) -> tuple[Change, ...]:
    """Write the file before the kernel's table: after a crash between, the next start does it."""
    if not rules.is_loaded:
        write_overrides(now, places)
        return ()
    with connect() as kernel:
        changes = list(_edits(now, destinations, rules.table, kernel.read_table()))
        if now != former:
            write_overrides(now, places)
        result = execute_all_or_none(kernel, changes)
    if result.refused:
        if now != former:
            write_overrides(former, places)
        texts = ["the kernel refused:", *map(refusal_text, result.refused)]
        raise KernelRefusedError("\n".join([*texts, "Nothing has changed."]))
    return tuple(changes)


def _edits(
    overrides: Overrides,
    destinations: Iterable[tuple[ServiceKey, DestinationKey]],
    rules: Table,
    actual: Table,
) -> Iterable[EditDestination]:
    """Of weights alone: whatever else has drifted is a reload's."""
    for service, key in destinations:
        live = actual.services.get(service)
        before = None if live is None else live.destinations.get(key)
        if before is not None:
            base = rules.services[service].destinations[key].weight
            weight = effective_weight(base, override_of(overrides, service, key))
            if before.weight != weight:
                yield EditDestination(service, key, before._replace(weight=weight), before)


def _template_notes(
    destinations: Iterable[tuple[ServiceKey, DestinationKey]], table: Table
) -> Iterable[str]:
    """Persistent services keep sending their clients there: ip_vs_check_template()."""
    services = dict.fromkeys(service for service, _ in destinations)
    names = [format_service_key(key) for key in services if table.services[key].options.persistence]
    if names and _keeps_templates():
        yield (
            f"persistent clients of {', '.join(names)} are still sent there until their timeout; "
            "`tuning: {expire_quiescent_template: 1}` in the role gives them to the other real "
            "servers"
        )


def _keeps_templates() -> bool:
    # The kernel makes room for as much of a sysctl as a read asks for.
    with translate_os_errors("read", _EXPIRE_TEMPLATES):
        try:
            return read_bytes(_EXPIRE_TEMPLATES, 16).strip() == b"0"
        except FileNotFoundError:
            return False
