"""A kernel in memory: applies changes to a table, and refuses those that a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lvsboot.ipvs.changes import (
    AddDestination,
    AddService,
    Change,
    DeleteDestination,
    DeleteService,
    EditDestination,
    EditService,
    SetTimeouts,
    StartDaemon,
    StopDaemon,
    all_steps,
)
from lvsboot.ipvs.reconcile import Outcome, Refusal
from lvsboot.ipvs.table import Service, Table


def applied(table: Table, changes: Iterable[Change]) -> Table:
    """The table that the changes make, in their order."""
    services = {
        key: Service(row.options, dict(row.destinations)) for key, row in table.services.items()
    }
    timeouts, daemons = table.timeouts, dict(table.daemons)
    for change in changes:
        match change:
            case AddService(key, options, pool):
                assert key not in services
                services[key] = Service(options, pool)
            case EditService(key, options):
                services[key] = services[key]._replace(options=options)
            case DeleteService(key):
                del services[key]
            case AddDestination(key, where, row) | EditDestination(key, where, row):
                pool = {**services[key].destinations, where: row}
                assert (where in services[key].destinations) is isinstance(change, EditDestination)
                services[key] = services[key]._replace(destinations=pool)
            case DeleteDestination(key, where):
                pool = dict(services[key].destinations)
                del pool[where]
                services[key] = services[key]._replace(destinations=pool)
            case SetTimeouts(wanted):
                timeouts = wanted
            case StartDaemon(role, daemon):
                daemons[role] = daemon
            case StopDaemon(role):
                del daemons[role]
    return Table(services, timeouts, daemons)


class FakeKernel:
    def __init__(self, table: Table, refuse: Callable[[Change], int] = lambda _: 0) -> None:
        self.table = table
        self.sent: list[Change] = []
        self._refuse = refuse

    def __enter__(self) -> FakeKernel:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read_table(self) -> Table:
        return self.table

    def execute(self, changes: Iterable[Change], *, stop_when_refused: bool) -> Outcome:
        done, refused = [], []
        for change in all_steps(changes):
            self.sent.append(change)
            if number := self._refuse(change):
                refused.append(Refusal(change, number))
                if stop_when_refused:
                    break
            else:
                self.table = applied(self.table, [change])
                done.append(change)
        return Outcome(done, refused)
