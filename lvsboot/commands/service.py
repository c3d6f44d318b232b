"""The verbs that change the running service: start, reload, stop and zero.

They read the rules before they connect to the kernel, so that errors in a rules file are reported
also where there is no IPVS.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import NamedTuple, TypeAlias

from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.removal_guard import refuse_reload, service_removal
from lvsboot.commands.rulefiles import RulesFile, StatePaths
from lvsboot.commands.weight_state import NOTHING_SET, WeightState, read_weight_state
from lvsboot.errors import InputError, KernelRefusedError
from lvsboot.ipvs.changes import (
    Change,
    DaemonChange,
    StartDaemon,
    StopDaemon,
    diff,
    diff_daemons,
    inverse,
)
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.reconcile import (
    ExecutionResult,
    Refusal,
    execute_all_or_none,
    execute_best_effort,
)
from lvsboot.ipvs.refusals import outcome_lines, refusal_text, rule_of
from lvsboot.ipvs.rules import locate_rules
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.table import DaemonRole, ServiceKey, Table
from lvsboot.ipvs.weights import Overrides, add_at_base, desired_table, refusing_services
from lvsboot.policy import Foreign, Weights
from lvsboot.system.lock import Lock, Log, log_nothing

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = StatePaths()


class Loaded(NamedTuple):
    """What a start or reload changed, under which weights that a person has set.

    Refused sync daemons are warnings and never fail it.
    """

    source: RulesFile
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()
    state: WeightState = NOTHING_SET


def start(
    *,
    rules: str | None = None,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    log: Log = log_nothing,
) -> Loaded:
    """Bring the table to the rules. While no service of ours is live, load all that is accepted.

    Raises KernelRefusedError naming what the kernel did not accept; where a service of ours is
    live, nothing is changed then.
    """
    with Lock(places.lock, "start", log):
        return _load(rules, foreign, weights, places, connect, whole=False)


def reload(
    *,
    rules: str | None = None,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
    allow_removal: bool = False,
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    log: Log = log_nothing,
) -> Loaded:
    """Bring the table to the rules, all of them or none.

    Raises RemovalRefusedError where most of our services would go, unless `allow_removal`.
    """
    with Lock(places.lock, "reload", log):
        guarded = not allow_removal
        return _load(rules, foreign, weights, places, connect, whole=True, guarded=guarded)


def _load(
    rules: str | None,
    foreign: Foreign,
    weights: Weights,
    places: StatePaths,
    connect: Connect,
    *,
    whole: bool,
    guarded: bool = False,
) -> Loaded:
    source, declared = _read(rules, places)
    state = read_weight_state(places)
    with connect() as kernel:
        actual = kernel.read_table()
        desired = desired_table(actual, declared, state.policy(weights), state.overrides)
        # Read at most once, and only where the table has services that the rules lack.
        ours = cache(lambda: run_state.our_services(places))
        undesired = actual.services.keys() - desired.services.keys()
        if foreign is Foreign.REMOVE:
            changes = diff(actual, desired)
        else:
            changes = diff(actual, desired, ours=ours() if undesired else ())
        if guarded and undesired:
            refuse_reload(source.path, service_removal(actual.services, desired.services, ours()))
        stops, daemons = _stops_first(diff_daemons(actual, declared))
        stopped = kernel.execute(stops, stop_when_refused=False)
        former = None
        if changes or daemons:
            # Before loading.rules names these services as ours.
            whole = whole or _is_live(actual, declared, ours)
            former = run_state.record_loading(source, places)
        if changes:
            execute = execute_all_or_none if whole else execute_best_effort
            result = execute(kernel, add_at_base(changes, declared))
            if result.refused and whole:
                undo = [step for stop in stopped.applied for step in inverse(stop)]
                undone = kernel.execute(undo, stop_when_refused=False)
                result = result.with_not_undone(undone.refused)
                if not result.not_undone:
                    run_state.restore_loading(former, places)
                raise _rejected(source, result)
        else:
            result = ExecutionResult(())
        followed = kernel.execute(daemons, stop_when_refused=False)
    run_state.record_loaded(source, foreign, weights, places)
    if result.refused:
        raise _incomplete(source, result)
    warnings = (
        *map(refusal_text, (*stopped.refused, *followed.refused)),
        *_refused_clients(desired, state.overrides),
    )
    return Loaded(source, (*stops, *changes, *daemons), warnings, state)


def _refused_clients(desired: Table, overrides: Overrides) -> Iterator[str]:
    for key in refusing_services(desired, overrides):
        scheduler = desired.services[key].options.scheduler
        yield (
            f"{format_service_key(key)} refuses the clients of its drained real servers, as "
            f"{scheduler} does without fallback"
        )


def _read(rules: str | None, places: StatePaths) -> tuple[RulesFile, Table]:
    """The rules to load; saved rules that cannot be loaded are renamed."""
    if rules is not None:
        source = rulefiles.read_rules(rules)
        return source, source.table()
    source = rulefiles.choose_rules(places)
    try:
        declared = source.table()
    except InputError as error:
        if source.path != places.saved:
            raise
        problem = error.problems[0]
        reason = f"{problem.file}:{problem.span.line}: {problem.message}"
        source = rulefiles.instead_of_saved(places, reason)
        declared = source.table()
    if source.damaged:
        note = f"{source.note}\n{rulefiles.move_saved_aside(places)}"
        source = source._replace(note=note)
    return source, declared


def _stops_first(
    changes: Iterable[DaemonChange],
) -> tuple[list[StopDaemon], list[DaemonChange]]:
    """Split off the daemons that only stop, which must be first.

    While a daemon runs, the kernel refuses tunnels to the other address family.
    """
    changes = tuple(changes)
    started = {change.role for change in changes if isinstance(change, StartDaemon)}
    stops = [
        change
        for change in changes
        if isinstance(change, StopDaemon) and change.role not in started
    ]
    return stops, [change for change in changes if change not in stops]


def _is_live(actual: Table, declared: Table, ours: Callable[[], Collection[ServiceKey]]) -> bool:
    """Whether clients may be using a service of ours: one that we loaded, or that our rules name.

    Services of keepalived or kube-proxy lose nothing by a start that loads in part.
    """
    live = actual.services.keys()
    if not live.isdisjoint(declared.services):
        return True
    return bool(live) and not live.isdisjoint(ours())


def _rejected(source: RulesFile, result: ExecutionResult) -> KernelRefusedError:
    repair = "Fix the rules and reload: that is safe, and repairs this too."
    lines = [*_refusal_lines(source, result.refused), *outcome_lines(result, repair)]
    return KernelRefusedError("\n".join(lines))


def _incomplete(source: RulesFile, result: ExecutionResult) -> KernelRefusedError:
    lines = _refusal_lines(source, result.refused)
    lines.append("All other rules are loaded. Fix these and reload: that is safe.")
    return KernelRefusedError("\n".join(lines))


def _refusal_lines(source: RulesFile, refused: Iterable[Refusal]) -> list[str]:
    """Each refusal with the file and line of its rule, as in a rules file's problems."""
    rules = [(refusal, rule_of(refusal.change)) for refusal in refused]
    wanted = {rule for _, rule in rules if rule is not None}
    places = locate_rules(source.text, wanted, port_of=rulefiles.port_of)
    texts = ["the kernel refused:"]
    for refusal, rule in rules:
        line = places.get(rule) if rule is not None else None
        where = source.path if line is None else f"{source.path}:{line}"
        texts.append(f"{where}: {refusal_text(refusal)}")
    return texts


def stop(
    *, places: StatePaths = _HOST, connect: Connect = open_kernel, log: Log = log_nothing
) -> tuple[Change, ...]:
    """Remove our services, never a foreign one, and stop the sync daemons of our rules.

    Raises KernelRefusedError.
    """
    with Lock(places.lock, "stop", log):
        ours, _, daemons = run_state.our_rules(places)
        changes = _remove(ours, daemons, connect) if ours or daemons else ()
        run_state.remove_records(places)
    return changes


def _remove(
    ours: Collection[ServiceKey], started: Iterable[DaemonRole], connect: Connect
) -> tuple[Change, ...]:
    with connect() as kernel:
        actual = kernel.read_table()
        empty = Table({}, daemons=dict.fromkeys(started))
        changes = (*diff(actual, empty, ours=ours), *diff_daemons(actual, empty))
        outcome = kernel.execute(changes, stop_when_refused=False)
    # ESRCH: another program has deleted it meanwhile.
    left = [refusal for refusal in outcome.refused if refusal.number != errno.ESRCH]
    if left:
        texts = ["the kernel refused:", *map(refusal_text, left), "All else is removed."]
        raise KernelRefusedError("\n".join(texts))
    return changes


def zero(
    *, places: StatePaths = _HOST, connect: Connect = open_kernel, log: Log = log_nothing
) -> None:
    """Set all counters to zero."""
    with Lock(places.lock, "zero", log), connect() as kernel:
        kernel.zero()
