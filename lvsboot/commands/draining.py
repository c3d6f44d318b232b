"""The verbs drain, undrain and weight: a person's weights, which stay until taken back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import read_weight_state, write_overrides
from lvsboot.commands.weight_targets import (
    destinations_of,
    find_targets,
    parse_words,
    target_name,
)
from lvsboot.errors import HostError, KernelRefusedError, UsageError
from lvsboot.ipvs.changes import Change, EditDestination
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.reconcile import ExecutionResult, execute_all_or_none
from lvsboot.ipvs.refusals import outcome_lines, refusal_text
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.service_name import format_service_name
from lvsboot.ipvs.table import DestinationKey, ServiceKey, Table
from lvsboot.ipvs.weights import (
    MOST_WEIGHT,
    Override,
    Overrides,
    Target,
    covers,
    effective_weight,
    is_weight,
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

    Raises UsageError, HostError and KernelRefusedError; nothing has changed then, unless
    KernelRefusedError says what could not be undone.
    """
    if not is_weight(weight):
        raise UsageError(f"{weight} is no weight: 0 to {MOST_WEIGHT}")
    words = parse_words(real_server, services)
    with Lock(places.lock, "drain" if weight == 0 else "weight", log):
        former = read_weight_state(places).require()
        rules = _read_rules(places)
        targets = find_targets(words, rules.table)
        destinations = destinations_of(targets, rules.table)
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

    Raises as set_weight() does, and HostError where a wider drain or weight would come through.
    """
    words = parse_words(real_server, services)
    with Lock(places.lock, "undrain", log):
        former = read_weight_state(places).require()
        rules = _read_rules(places)
        targets = find_targets(words, rules.table, former)
        now = former
        for target in targets:
            now = without_override(now, target)
        destinations = destinations_of(targets, rules.table)
        _require_base(targets, destinations, now)
        if now == former:
            raise HostError(
                f"nobody has set a weight of {target_name(targets[0])}: nothing to take back"
            )
        changes = _change(former, now, destinations, rules, places=places, connect=connect)
    return Weighed(targets, destinations, changes, (), rules.is_loaded)


def _read_rules(places: StatePaths) -> _Rules:
    loaded = run_state.loaded_rules(places)
    if loaded is None:
        return _Rules(rulefiles.choose_rules(places).table(), is_loaded=False)
    return _Rules(loaded.table(), is_loaded=True)


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


def _require_base(
    targets: Iterable[Target],
    destinations: Iterable[tuple[ServiceKey, DestinationKey]],
    overrides: Overrides,
) -> None:
    """HostError where one of them would have another weight than the rules'."""
    meant = [*targets, *(Target(*key, service) for service, key in destinations)]
    left = next((each for each in overrides if any(covers(each, one) for one in meant)), None)
    if left is None:
        return
    port = " with all its ports" if left.port is None else ""
    where = (
        "in every service" if left.service is None else f"in {format_service_name(left.service)}"
    )
    both = all(covers(left, target) for target in targets)
    undo = f"lvsboot undrain {target_name(left if both else Target(left.address))}"
    if both and left.service is not None:
        undo += f" --service {format_service_name(left.service)}"
    raise HostError(
        f"the weight of {target_name(left)} was set{port} {where}: `{undo}` takes that back, and "
        "`lvsboot weight` makes an exception. Nothing has changed"
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
        if not _is_same(now, former):
            write_overrides(now, places)
        result = execute_all_or_none(kernel, changes)
    if result.refused:
        standing = _standing(former, now, result)
        if not _is_same(standing, now):
            write_overrides(standing, places)
        repair = "These weights are recorded as they stand. Repeat this, or undrain: both are safe."
        texts = [*map(refusal_text, result.refused), *outcome_lines(result, repair)]
        raise KernelRefusedError("\n".join(["the kernel refused:", *texts]))
    return tuple(changes)


def _is_same(one: Overrides, other: Overrides) -> bool:
    """Their order, too: the newest counts."""
    return [*one.items()] == [*other.items()]


def _standing(former: Overrides, now: Overrides, result: ExecutionResult) -> Overrides:
    """The former ones, with each weight that could not be undone."""
    for refusal in result.not_undone:
        if isinstance(refusal.change, EditDestination):
            service, key, _, stands = refusal.change
            row = override_of(now, service, key) or override_of(former, service, key)
            if row is not None:
                row = row._replace(weight=stands.weight)
                former = with_override(former, Target(*key, service), row)
    return former


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
