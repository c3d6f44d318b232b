"""Carries changes out on a table: all of them or none, or as many as the kernel takes."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from lvsboot.ipvs.changes import (
    NO_SCHEDULER,
    AddDestination,
    AddService,
    Change,
    DeleteService,
    EditService,
    TableChange,
    build_pools_once,
    inverse,
)
from lvsboot.ipvs.table import Service, Table


class Refusal(NamedTuple):
    """A step that the kernel refused; `number` is 0 where its reply did not arrive (ENOBUFS)."""

    change: Change
    number: int


class Outcome(NamedTuple):
    """Applied and refused changes; one that was refused in part is listed by its steps."""

    applied: Sequence[Change]
    refused: Sequence[Refusal]


class IpvsKernel(Protocol):
    """The table of a kernel: kernel.Kernel is the real one."""

    def read_table(self) -> Table: ...

    def execute(self, changes: Iterable[Change], *, stop_when_refused: bool) -> Outcome:
        """Carry out in order; after a refused step the rest of its batch is still sent."""


class ExecutionResult(NamedTuple):
    """Refusals without those that follow from another, and refused steps of the undoing."""

    refused: tuple[Refusal, ...]
    not_undone: tuple[Refusal, ...] = ()

    def with_not_undone(self, more: Iterable[Refusal]) -> ExecutionResult:
        return self._replace(not_undone=(*self.not_undone, *more))


def execute_all_or_none(kernel: IpvsKernel, changes: Iterable[TableChange]) -> ExecutionResult:
    """For a live table: when a change is refused, undo all that were applied before it."""
    outcome = kernel.execute(build_pools_once(changes), stop_when_refused=True)
    if not outcome.refused:
        return ExecutionResult(())
    undo = [step for change in reversed(outcome.applied) for step in inverse(change)]
    undone = kernel.execute(undo, stop_when_refused=False)
    return ExecutionResult(root_causes(outcome.refused), tuple(undone.refused))


def execute_best_effort(kernel: IpvsKernel, changes: Iterable[TableChange]) -> ExecutionResult:
    """For an empty table: apply every change that the kernel accepts."""
    outcome = kernel.execute(build_pools_once(changes), stop_when_refused=False)
    # build_pools_once() sets the scheduler last: under `none` they would refuse connections.
    unscheduled = [
        DeleteService(refusal.change.key, Service(refusal.change.before, {}))
        for refusal in outcome.refused
        if isinstance(refusal.change, EditService)
        and refusal.change.before.scheduler == NO_SCHEDULER
    ]
    undone = kernel.execute(unscheduled, stop_when_refused=False)
    return ExecutionResult(root_causes(outcome.refused), tuple(undone.refused))


def root_causes(refused: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """Leave out destinations that were refused because their service had been refused."""
    absent = {refusal.change.key for refusal in refused if isinstance(refusal.change, AddService)}
    return tuple(
        refusal
        for refusal in refused
        if not (
            isinstance(refusal.change, AddDestination)
            and refusal.number == errno.ESRCH
            and refusal.change.service in absent
        )
    )
