"""Hints at names that were meant, worked out only where they are shown. Judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from itertools import islice

from lvsboot.role.constraints.addresses import there
from lvsboot.role.messages import did_you_mean

_MOST_COMPARED = 100


class Names:
    """The names that there are. Each rule has one: of many findings few are shown."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def hint(self, word: str) -> Callable[[], str]:
        """At the one that `word` was meant to be, or else at what there is."""
        return lambda: did_you_mean(word, self._compared) or self.there()

    def there(self) -> str:
        return self._there

    @cached_property
    def _compared(self) -> list[str]:
        return list(islice(self._names, _MOST_COMPARED))

    @cached_property
    def _there(self) -> str:
        return there(sorted(self._names))
