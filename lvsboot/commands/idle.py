"""Waits until drained destinations have no connection left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from lvsboot.commands.rulefiles import StatePaths
from lvsboot.commands.weight_state import read_weight_state
from lvsboot.errors import HostError
from lvsboot.ipvs.address import format_endpoint
from lvsboot.ipvs.kernel import Kernel, open_kernel
from lvsboot.ipvs.live import decode_live_destination
from lvsboot.ipvs.table import DestinationKey, ServiceKey
from lvsboot.ipvs.weights import override_of

Connect: TypeAlias = Callable[[], AbstractContextManager[Kernel]]
_HOST = StatePaths()
_POLL_SECONDS = 1.0


class Busy(NamedTuple):
    """What a destination has left: connections, and templates of persistent clients."""

    service: ServiceKey
    key: DestinationKey
    active: int
    inactive: int
    persistent: int


def wait_until_idle(
    destinations: Iterable[tuple[ServiceKey, DestinationKey]],
    seconds: float,
    *,
    places: StatePaths = _HOST,
    connect: Connect = open_kernel,
    show: Callable[[tuple[Busy, ...]], None] = lambda _: None,
) -> tuple[Busy, ...]:
    """What is left after at most so many seconds: nothing as soon as the last one is gone.

    `show` is called with what is left at first. Raises HostError where a drain is taken back
    meanwhile.
    """
    wanted = set(destinations)
    end = time.monotonic() + seconds
    with connect() as kernel:
        left = _busy(kernel, wanted)
        if left:
            show(left)
        while left and time.monotonic() < end:
            time.sleep(min(_POLL_SECONDS, max(0.0, end - time.monotonic())))
            _require_drained(wanted, places)
            left = _busy(kernel, wanted)
    return left


def _busy(kernel: Kernel, wanted: set[tuple[ServiceKey, DestinationKey]]) -> tuple[Busy, ...]:
    rows = []
    for service in dict.fromkeys(service for service, _ in wanted):
        for attributes in kernel.dump_pool(service):
            row = decode_live_destination(attributes, service.family)
            if (service, row.key) in wanted and (row.active or row.inactive or row.persistent):
                rows.append(Busy(service, row.key, row.active, row.inactive, row.persistent))
    return tuple(rows)


def _require_drained(
    wanted: Iterable[tuple[ServiceKey, DestinationKey]], places: StatePaths
) -> None:
    overrides = read_weight_state(places).require()
    for service, key in wanted:
        override = override_of(overrides, service, key)
        if override is None or override.weight:
            raise HostError(f"{format_endpoint(*key)} is no longer drained: not waiting on")
