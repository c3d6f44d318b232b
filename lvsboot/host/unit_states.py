"""Asks systemd for the states of units, all of them by one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lvsboot.system.programs import query

_PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result")


class UnitState(NamedTuple):
    """In systemd's words: `loaded` or `masked`; `active`, `failed`...; `exited`; `exit-code`."""

    load: str
    active: str
    sub: str
    result: str


def read_unit_states(
    names: Sequence[str], run: Callable[[Sequence[str]], str] = query
) -> dict[str, UnitState]:
    """Each unit's state; one that systemd does not know is `not-found`. Raises HostError."""
    if not names:
        return {}
    options = [f"--property={','.join(_PROPERTIES)}", "--"]
    return parse_unit_states(names, run(["systemctl", "show", *options, *names]))


def parse_unit_states(names: Sequence[str], text: str) -> dict[str, UnitState]:
    """What `systemctl show` prints: a paragraph a unit, in the order in which they were named."""
    states = []
    for paragraph in text.strip().split("\n\n"):
        pairs = dict(line.partition("=")[::2] for line in paragraph.splitlines())
        states.append(UnitState(*(pairs.get(name, "") for name in _PROPERTIES)))
    return dict(zip(names, states, strict=False))
