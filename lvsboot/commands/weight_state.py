"""The file with the weights that a person has set: one JSON value, replaced whole.

It is in /var/lib/lvs, so that restarts, reloads and reboots undo none of them.
"""

from __future__ import annotations

from typing import NamedTuple

from lvsboot.commands.rulefiles import StatePaths
from lvsboot.errors import HostError, LvsbootError
from lvsboot.ipvs.address import format_address, parse_full_address
from lvsboot.ipvs.service_name import format_service_name, parse_service_name
from lvsboot.ipvs.weights import Override, Overrides, Target, is_weight
from lvsboot.policy import Weights
from lvsboot.system.textfiles import read_text, remove_file, write_text

_VERSION = 1
_MOST_PORT = 0xFFFF
_LATEST = 1 << 40


class WeightState(NamedTuple):
    """`damage` says why the file cannot be read: what a person has set is not known then."""

    overrides: Overrides
    damage: str | None = None

    def policy(self, asked: Weights) -> Weights:
        """Live weights stay while it is not known which of them a person has set."""
        return asked if self.damage is None else Weights.KEEP

    def require(self) -> Overrides:
        """Raises HostError where they are not known."""
        if self.damage is not None:
            raise HostError(self.damage)
        return self.overrides


NOTHING_SET = WeightState({})


def read_weight_state(places: StatePaths) -> WeightState:
    try:
        text = read_text(places.weights)
        overrides = {} if text is None else _parse(text)
    except LvsbootError as error:
        return _damaged(places, str(error))
    except _DamagedError as error:
        return _damaged(places, f"{places.weights} is damaged: {error}")
    return WeightState(overrides)


def _damaged(places: StatePaths, reason: str) -> WeightState:
    return WeightState(
        {},
        f"{reason}. Which weights a person has set is not known, so that live weights stay as they "
        f"are. Repair it, or remove {places.weights} and drain again what is to stay drained",
    )


def write_overrides(overrides: Overrides, places: StatePaths) -> None:
    """On a full disk nothing changes; raises HostError, NotPermittedError."""
    if not overrides:
        remove_file(places.weights, synced=True)
        return
    import json  # noqa: PLC0415 - no part of a start without a drain

    rows = [
        {
            "address": format_address(target.address),
            "port": target.port,
            "service": None if target.service is None else format_service_name(target.service),
            **override._asdict(),
        }
        for target, override in overrides.items()
    ]
    write_text(places.weights, json.dumps({"version": _VERSION, "weights": rows}, indent=1) + "\n")


class _DamagedError(Exception):
    """The text says what is wrong."""


def _parse(text: str) -> Overrides:
    import json  # noqa: PLC0415 - no part of a start without a drain

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _DamagedError(str(error) or "nested too deep") from error
    match value:
        case {"version": version, "weights": list(rows)} if (
            version == _VERSION and version is not True
        ):
            return dict(map(_parse_row, rows))
        case {"version": int(version)} if version is not True:
            raise _DamagedError(f"another version of lvsboot has written it ({version})")
        case _:
            raise _DamagedError("it is not what lvsboot writes")


def _parse_row(row: object) -> tuple[Target, Override]:
    match row:
        case {
            "address": str(text),
            "port": int() | None as port,
            "service": str() | None as name,
            "weight": int(weight),
            "since": int(since),
            "by": str(by),
        }:
            address = parse_full_address(text)
            services = (None,) if name is None else parse_service_name(name)
            is_sound = (
                address is not None
                and len(services) == 1
                and (port is None or 0 <= port <= _MOST_PORT)
                and is_weight(weight)
                and 0 <= since < _LATEST
                and not any(isinstance(number, bool) for number in (port, since))
            )
            if is_sound and address is not None:
                return Target(address, port, services[0]), Override(weight, since, by)
    raise _DamagedError("it has an entry that lvsboot does not write")
