"""Draws the weights that a person has set. Prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvsboot.cli.text.changes import changes_text
from lvsboot.cli.text.clock import clock_time
from lvsboot.ipvs.address import format_address, format_endpoint
from lvsboot.ipvs.service_name import format_service_name
from lvsboot.system.printable import printable_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lvsboot.commands.draining import Weighed
    from lvsboot.commands.idle import Busy
    from lvsboot.commands.weight_state import WeightState
    from lvsboot.ipvs.table import DestinationKey, ServiceKey
    from lvsboot.ipvs.weights import Override, Target


def weight_lines(state: WeightState) -> Iterator[str]:
    """`drained: 10.0.0.11 in every service, by ann since ...`; or why none is known."""
    if state.damage is not None:
        yield f"warning: {state.damage}"
    for target, override in state.overrides.items():
        yield (
            f"{_layer(override)}: {_target_words(target)}, by {printable_line(override.by)} "
            f"since {clock_time(override.since)}"
        )


def weight_marks(
    overridden: Sequence[tuple[ServiceKey, DestinationKey, Override]],
) -> dict[tuple[ServiceKey, DestinationKey], str]:
    """What stands beside a destination's weight that a person has set."""
    return {
        (service, key): "(drained)" if not override.weight else "(set)"
        for service, key, override in overridden
    }


def _layer(override: Override) -> str:
    return f"weight {override.weight}" if override.weight else "drained"


def _target_words(target: Target) -> str:
    name = format_address(target.address)
    if target.port is not None:
        name = format_endpoint(target.address, target.port)
    if target.service is None:
        return f"{name} in every service"
    return f"{name} in {format_service_name(target.service)}"


def weights_value(state: WeightState) -> list[dict[str, object]]:
    """The same as JSON's values."""
    return [
        {
            "address": format_address(target.address),
            "port": target.port,
            "service": None if target.service is None else format_service_name(target.service),
            **override._asdict(),
        }
        for target, override in state.overrides.items()
    ]


def weighed_text(weighed: Weighed) -> str:
    """What a verb changed in the kernel, and where nothing had to change."""
    if not weighed.is_loaded:
        return "no rules are loaded: the next start has these weights\n"
    return changes_text(weighed.changes) or "no changes\n"


def counts_text(rows: Sequence[Busy]) -> str:
    """`3 active, 1 inactive connections and 2 persistent clients`."""
    active, inactive, persistent = (
        sum(numbers) for numbers in zip(*(row[2:] for row in rows), strict=True)
    )
    return f"{active} active, {inactive} inactive connections and {persistent} persistent clients"


def busy_text(rows: Sequence[Busy]) -> str:
    return "".join(
        f"  {format_service_name(row.service)} -> {format_endpoint(*row.key)}: "
        f"{counts_text([row])}\n"
        for row in rows
    )
