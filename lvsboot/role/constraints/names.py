"""Findings at names and VIPs that the role does not declare, with hints at those that it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property, partial
from itertools import islice

from lvsboot.role.constraints.findings import NETWORK, VIPS
from lvsboot.role.document import Finding, Path
from lvsboot.role.formats import Address
from lvsboot.role.messages import did_you_mean

MOST_NAMED = 8


class Names:
    """Declared names, with hints that are computed only when shown: most findings are not."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def hint(self, word: str) -> Callable[[], str]:
        """The declared name that is most like `word`, or else the names there are."""
        return lambda: did_you_mean(word, self._names) or self._available

    def available(self) -> str:
        return self._available

    @cached_property
    def _available(self) -> str:
        return available_hint(sorted(self._names))


def available_hint(values: Iterable[object]) -> str:
    names = [str(value) for value in islice(values, MOST_NAMED + 1)]
    if not names:
        return "there is none"
    more = ", …" if len(names) > MOST_NAMED else ""
    return f"available: {', '.join(names[:MOST_NAMED])}{more}"


def unknown_interface(name: str, names: Names, path: Path) -> Finding:
    message = f"'{name}' is not in network.interfaces"
    return Finding(path, message, names.hint(name), depends_on=(NETWORK,))


def undeclared_vip(vip: Address, declared: Iterable[Address], path: Path) -> Finding:
    message = f"{vip} is not in director.vips"
    return Finding(path, message, partial(available_hint, declared), depends_on=(VIPS,))
