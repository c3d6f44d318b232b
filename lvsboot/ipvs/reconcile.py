"""Carries changes out on a table: all of them or none, or as many as the kernel takes."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NamedTuple, Protocol

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

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Refusal(NamedTuple):
    """A step that the kernel refused; an errno of 0: its reason was lost (ENOBUFS)."""

    change: Change
    number: int


class Outcome(NamedTuple):
    """What became of the changes that were sent; of one that was refused in part, its steps."""

    applied: Sequence[Change]
    refused: Sequence[Refusal]


class IpvsKernel(Protocol):
    """What a kernel can do: the real one is kernel.Kernel."""

    def read_table(self) -> Table: ...

    def execute(self, changes: Iterable[Change], *, stop_when_refused: bool) -> Outcome:
        """Carry out in order; a refused step does not keep those of its batch from following."""


class ExecutionResult(NamedTuple):
    """Refusals with those left out that follow from another; what could not be taken back."""

    refused: tuple[Refusal, ...]
    not_undone: tuple[Refusal, ...] = ()

    def with_not_undone(self, more: Iterable[Refusal]) -> ExecutionResult:
        return self._replace(not_undone=(*self.not_undone, *more))


def execute_all_or_none(kernel: IpvsKernel, changes: Iterable[TableChange]) -> ExecutionResult:
    """For a live table: when a change is refused, take back all that was applied before it."""
    outcome = kernel.execute(build_pools_once(changes), stop_when_refused=True)
    if not outcome.refused:
        return ExecutionResult(())
    undo = [step for change in reversed(outcome.applied) for step in inverse(change)]
    undone = kernel.execute(undo, stop_when_refused=False)
    return ExecutionResult(root_causes(outcome.refused), tuple(undone.refused))


def execute_best_effort(kernel: IpvsKernel, changes: Iterable[TableChange]) -> ExecutionResult:
    """For an empty table: hundreds of good services do not wait for one that is refused."""
    outcome = kernel.execute(build_pools_once(changes), stop_when_refused=False)
    # Its scheduler comes last, and under `none` it would refuse every connection.
    dead = [
        DeleteService(refusal.change.key, Service(refusal.change.before, {}))
        for refusal in outcome.refused
        if isinstance(refusal.change, EditService)
        and refusal.change.before.scheduler == NO_SCHEDULER
    ]
    undone = kernel.execute(dead, stop_when_refused=False)
    return ExecutionResult(root_causes(outcome.refused), tuple(undone.refused))


def root_causes(refused: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """Without the destinations that were refused only since their service had been."""
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
