"""Counts what of ours would go, and refuses where that is more than half (docs/decisions/0021).

A role of another host, or rules that were cut short, must not remove a director's services at
once. Reads no file and no network: reload runs this.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from lvsboot.errors import RemovalRefusedError
from lvsboot.ipvs.rules.format import format_service_key
from lvsboot.ipvs.table import ServiceKey, VirtualAddress, service_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_MOST_NAMED = 5


class Removal(NamedTuple):
    """`gone` of `total` that are live; `left` is how many there are afterwards, new ones too."""

    noun: str
    gone: Sequence[str]
    total: int
    left: int

    @property
    def is_refused(self) -> bool:
        """More than half go. One that another takes the place of is a change, not a removal."""
        return 2 * len(self.gone) > self.total and (len(self.gone) > 1 or not self.left)

    @property
    def text(self) -> str:
        named = ", ".join(self.gone[:_MOST_NAMED])
        more = len(self.gone) - _MOST_NAMED
        named += f", and {more} more" if more > 0 else ""
        return f"{len(self.gone)} of {self.total} {self.noun} ({named})"


def service_removal(
    live: Collection[ServiceKey], desired: Collection[ServiceKey], ours: Collection[ServiceKey]
) -> Removal:
    """Services of ours that are live and not desired.

    A new service on the same VIP replaces one that goes: its port or protocol has changed. Marks
    have no VIP, so that nothing replaces one.
    """
    kept, wanted = {*live}, {*desired}
    new = Counter(key.address for key in wanted - kept if isinstance(key, VirtualAddress))
    gone = []
    for key in sorted((kept & {*ours}) - wanted, key=service_order):
        if isinstance(key, VirtualAddress) and new[key.address]:
            new[key.address] -= 1
        else:
            gone.append(format_service_key(key))
    return Removal("services", gone, len(kept & {*ours}), len(wanted))


def refusal_text(removals: Iterable[Removal]) -> str | None:
    """`removes 12 of 20 services (...) and 2 of 2 VIPs (...)`; None where nothing is refused."""
    texts = [removal.text for removal in removals if removal.is_refused]
    return f"removes {' and '.join(texts)}" if texts else None


def refuse_reload(rules: str, removal: Removal) -> None:
    """Raises RemovalRefusedError where these rules must not be loaded unasked."""
    if text := refusal_text([removal]):
        raise RemovalRefusedError(
            f"refused: {rules} {text}. Nothing has changed: the table is as it was. If that is "
            "meant, `systemctl restart lvs` loads these rules, in place as a reload does; so does "
            "`lvsboot reload --allow-removal`"
        )
