"""The verbs of the running service: start, reload, stop, save and zero.

Each connects to the kernel by itself, so that what is wrong with a rules file is said even where
there is no IPVS.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable

from lvsboot.commands import rulefiles
from lvsboot.commands.rulefiles import Places, RulesFile
from lvsboot.errors import HostError, InputError, KernelRefusedError
from lvsboot.ipvs.changes import Change, diff, diff_daemons, keep_weights
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.reconcile import Refusal, Verdict, execute_all_or_none, execute_what_goes
from lvsboot.ipvs.refusals import refusal_text, rule_of
from lvsboot.ipvs.rules import format_rules, locate_rules, parse_rules
from lvsboot.ipvs.settled import known_next
from lvsboot.ipvs.table import ServiceKey, Table
from lvsboot.light_typing import TYPE_CHECKING, NamedTuple, TypeAlias
from lvsboot.policy import Foreign, Weights

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

Connect: TypeAlias = "Callable[[], AbstractContextManager[Kernel]]"
_HOST = Places()


class Loaded(NamedTuple):
    """What a start or reload did. The warnings are of sync daemons, which never fail it."""

    source: RulesFile
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()


def start(
    *,
    rules: str | None = None,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
    places: Places = _HOST,
    connect: Connect = open_kernel,
) -> Loaded:
    """Bring the table to the rules. Into an empty one goes all that the kernel accepts.

    Raises KernelRefusedError naming what it did not accept; on a live table nothing is changed
    then.
    """
    return _load(_choose(rules, places), foreign, weights, places, connect, whole=False)


def reload(
    *,
    rules: str | None = None,
    foreign: Foreign = Foreign.KEEP,
    weights: Weights = Weights.DECLARED,
    places: Places = _HOST,
    connect: Connect = open_kernel,
) -> Loaded:
    """Bring the table to the rules, all of them or none."""
    return _load(_choose(rules, places), foreign, weights, places, connect, whole=True)


def _choose(rules: str | None, places: Places) -> RulesFile:
    return rulefiles.choose_rules(places) if rules is None else rulefiles.read_rules(rules)


def _load(
    source: RulesFile,
    foreign: Foreign,
    weights: Weights,
    places: Places,
    connect: Connect,
    *,
    whole: bool,
) -> Loaded:
    known = rulefiles.read_known(places)
    wanted = source.wanted(known)
    with connect() as kernel:
        shown = kernel.read_shown()
        unsettled = source.set_aside(wanted, shown)
        declared, actual = unsettled.parsed.table, kernel.decode_table(unsettled.shown)
        desired = keep_weights(actual, declared) if weights is Weights.KEEP else declared
        changes = diff(actual, desired, ours=_ours(actual, desired, foreign, places))
        if changes:
            rulefiles.announce_loading(source.text, places)
            whole = whole or bool(shown)
            verdict = (execute_all_or_none if whole else execute_what_goes)(kernel, changes)
            if verdict.refused and whole:
                rulefiles.forget_loading(places)
                raise _rejected(source, verdict)
        else:
            verdict = Verdict(())
        daemons = diff_daemons(actual, declared)
        warnings = kernel.execute(daemons, stop_when_refused=False).refused if daemons else ()
    rulefiles.remember_loaded(source.text, places)
    if verdict.refused:
        raise _incomplete(source, verdict)
    rulefiles.remember_known(known_next(unsettled), known, places)
    return Loaded(source, (*changes, *daemons), tuple(map(refusal_text, warnings)))


def _ours(
    actual: Table, desired: Table, foreign: Foreign, places: Places
) -> Collection[ServiceKey] | None:
    """None: all services. What was loaded is read only where it decides over a service."""
    if foreign is Foreign.REMOVE:
        return None
    undesired = actual.services.keys() - desired.services.keys()
    return rulefiles.our_services(places) if undesired else frozenset()


def _rejected(source: RulesFile, verdict: Verdict) -> KernelRefusedError:
    lines = _refusal_lines(source, verdict.refused)
    if verdict.not_undone:
        lines.append("What had been changed before was not all taken back; left as it is:")
        lines += map(refusal_text, verdict.not_undone)
        lines.append("Mend the rules and reload: that is safe, and repairs this too.")
    else:
        lines.append("Nothing has changed: the table is as it was.")
    return KernelRefusedError("\n".join(lines))


def _incomplete(source: RulesFile, verdict: Verdict) -> KernelRefusedError:
    lines = _refusal_lines(source, verdict.refused)
    lines.append("All other rules are loaded. Mend these and reload: that is safe.")
    return KernelRefusedError("\n".join(lines))


def _refusal_lines(source: RulesFile, refused: Iterable[Refusal]) -> list[str]:
    """Each refusal behind the place of its rule, as the rest of a rules file's problems."""
    rules = {refusal: rule_of(refusal.change) for refusal in refused}
    wanted = {rule for rule in rules.values() if rule is not None}
    places = locate_rules(source.text, wanted, port_of=rulefiles.port_of)
    texts = ["the kernel refused:"]
    for refusal, rule in rules.items():
        line = places.get(rule) if rule is not None else None
        where = source.path if line is None else f"{source.path}:{line}"
        texts.append(f"{where}: {refusal_text(refusal)}")
    return texts


def stop(*, places: Places = _HOST, connect: Connect = open_kernel) -> tuple[Change, ...]:
    """Remove our services, never a foreign one, and stop the sync daemons of our rules.

    Raises KernelRefusedError.
    """
    ours = rulefiles.our_services(places)
    loaded = rulefiles.loaded_rules(places)
    started = {} if loaded is None else loaded.table().daemons
    if not ours and not started:
        return ()
    with connect() as kernel:
        actual = kernel.read_table()
        empty = Table({}, daemons=dict.fromkeys(started))
        changes = (*diff(actual, empty, ours=ours), *diff_daemons(actual, empty))
        outcome = kernel.execute(changes, stop_when_refused=False)
    # Somebody else was faster: it is gone, and that is what was asked for.
    left = [refusal for refusal in outcome.refused if refusal.number != errno.ESRCH]
    if left:
        texts = ["the kernel refused:", *map(refusal_text, left), "All else is removed."]
        raise KernelRefusedError("\n".join(texts))
    rulefiles.forget_loaded(places)
    return changes


def save(
    *, output: str | None = None, places: Places = _HOST, connect: Connect = open_kernel
) -> str:
    """Write the live table to `output`, or to where the next start finds it; gives the path.

    What the next start finds holds no sync daemon: that waits for its interface.
    """
    text = live_rules(daemons=output is not None, connect=connect)
    if output is not None:
        rulefiles.write_rules(output, text)
        return output
    rulefiles.save_rules(text, places)
    return places.saved


def live_rules(*, daemons: bool = True, connect: Connect = open_kernel) -> str:
    """The live table as canonical rules, in which nothing is lost; raises HostError."""
    with connect() as kernel:
        table = kernel.read_table()
    text = format_rules(table if daemons else table._replace(daemons={}))
    try:
        parse_rules(text, file="the live table", port_of=rulefiles.port_of)
    except InputError as error:
        problem = error.problems[0]
        raise HostError(
            f"another program has put into the table what rules cannot say: {problem.source} "
            f"({problem.message})"
        ) from error
    return text


def zero(*, connect: Connect = open_kernel) -> None:
    """Set all counters to zero."""
    with connect() as kernel:
        kernel.zero()
