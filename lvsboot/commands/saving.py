"""The verb save: writes our live services for the next start, or the whole table to a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from lvsboot.commands import rulefiles, run_state
from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import read_weight_state
from lvsboot.errors import HostError, InputError
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.table import ServiceKey, Table
from lvsboot.ipvs.weights import Overrides, overridden_destinations, with_weights
from lvsboot.policy import Foreign
from lvsboot.system.lock import Lock, Log, log_nothing
from lvsboot.system.textfiles import read_text, write_text

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = StatePaths()


class Saved(NamedTuple):
    """Where the rules were written, and sentences on what is not among them."""

    path: str
    notes: tuple[str, ...] = ()


def save(
    *,
    everything: bool = False,
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    log: Log = log_nothing,
) -> Saved:
    """Write our services, as they are now, to where the next start finds them.

    Other programs' services are left out, unless `everything` is set or the role says that all of
    the table is ours. Sync daemons are left out, since each waits for its interface.
    Weights that a person has set are a layer of their own: what they hide is saved.
    Raises HostError where nothing is loaded.
    """
    with Lock(places.lock, "save", log):
        overrides = read_weight_state(places).require()
        source, loaded = run_state.loaded_source(places), run_state.loaded_rules(places)
        if loaded is None:
            raise HostError("nothing is loaded that could be saved: `systemctl start lvs` first")
        if source is None:
            raise HostError(
                "the source of the loaded rules is not known: `systemctl reload lvs` first"
            )
        table = _read_table(connect)._replace(daemons={})
        foreign: list[ServiceKey] = []
        if not everything and source.foreign is Foreign.KEEP:
            ours = {*run_state.our_services(places), *_declared(places)}
            foreign = [key for key in table.services if key not in ours]
            services = {key: row for key, row in table.services.items() if key in ours}
            table = table._replace(services=services)
        text = _rules_text(_below(overrides, table, loaded.table()))
        origin = _origin(source, loaded.text, places)
        rulefiles.save_rules(text, origin, places)
    return Saved(places.saved, tuple(_notes(foreign, origin, places)))


def _below(overrides: Overrides, table: Table, loaded: Table) -> Table:
    """The table with the weights of the loaded rules where a person has set others."""
    return with_weights(
        table,
        (
            (service, key, loaded.services[service].destinations[key].weight)
            for service, key, _ in overridden_destinations(loaded, overrides)
            if service in table.services and key in table.services[service].destinations
        ),
    )


def export(output: str, *, connect: Connect = open_kernel) -> Saved:
    """Write the whole live table to a file, which no start loads by itself."""
    write_text(output, live_rules(connect=connect))
    return Saved(output)


def live_rules(*, connect: Connect = open_kernel) -> str:
    """The whole live table as canonical rules; raises HostError."""
    return _rules_text(_read_table(connect))


def _read_table(connect: Connect) -> Table:
    with connect() as kernel:
        return kernel.read_table()


def _rules_text(table: Table) -> str:
    text = format_rules(table)
    try:
        parse_rules(text, file="the live table", port_of=rulefiles.port_of)
    except InputError as error:
        problem = error.problems[0]
        if problem.source is None:
            raise HostError(f"the table cannot be saved: {problem.message}") from error
        raise HostError(
            f"another program has made an entry that rules cannot say: {problem.source} "
            f"({problem.message})"
        ) from error
    return text


def _declared(places: StatePaths) -> set[ServiceKey]:
    """Services of the role's rules, loaded or not."""
    text = read_text(places.rules)
    if text is None:
        return set()
    return set(parse_rules(text, file=places.rules, port_of=rulefiles.port_of).services)


def _origin(source: run_state.Source, loaded: str, places: StatePaths) -> str:
    """The digest line of the role's rules that the live table comes from.

    That is of the rules that were loaded: the file may be newer by now.
    """
    if source.path == places.rules:
        return rulefiles.origin_line(places.rules, loaded)
    if source.path == places.saved:
        return source.origin
    # Loaded from another file by hand: the saved rules last until the role changes.
    return rulefiles.origin_line(places.rules, rulefiles.read_rules(places.rules).text)


def _notes(foreign: list[ServiceKey], origin: str, places: StatePaths) -> list[str]:
    notes = [
        f"not saved, since another program's: {format_service_key(key)} "
        "(`save --all` would make it ours)"
        for key in foreign
    ]
    rules = read_text(places.rules)
    if rules is None or rulefiles.origin_line(places.rules, rules) != origin:
        notes.append(
            f"warning: {places.rules} has changed since it was loaded: the next start loads that, "
            "and not what was saved now"
        )
    return notes
