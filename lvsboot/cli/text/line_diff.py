"""A unified diff of lines whose cost grows with their number: a table has 100,000 of them. Pure.

difflib takes a time that grows with the square: 80 s for 16,000 rules of which every second has
another weight. Here lines that stand once on either side are what the rest is lined up by (Bram
Cohen's patience diff), and difflib looks only at the little between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

_CONTEXT = 3
# The product of the lines on either side that difflib may look at: of whole files, and of what is
# between two lines that agree.
_MOST = 250_000
_MOST_BETWEEN = 2_500

Block = tuple[int, int, int]
"""Where lines agree: their places in either text, and how many they are."""


def unified_diff(
    before: Sequence[str], after: Sequence[str], names: tuple[str, str]
) -> Iterator[str]:
    """The lines of a unified diff, without ends of lines; none where nothing differs."""
    matcher = _Matcher(before, after)
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number == 0:
            yield f"--- {names[0]}"
            yield f"+++ {names[1]}"
        old = _range_text(group[0][1], group[-1][2])
        new = _range_text(group[0][3], group[-1][4])
        yield f"@@ -{old} +{new} @@"
        for tag, first, last, new_first, new_last in group:
            if tag == "equal":
                yield from (f" {line}" for line in before[first:last])
                continue
            yield from (f"-{line}" for line in before[first:last])
            yield from (f"+{line}" for line in after[new_first:new_last])


def _range_text(first: int, last: int) -> str:
    """As POSIX has it: an empty range is the line before it, and a length of one is not said."""
    if last - first == 1:
        return str(first + 1)
    return f"{first + (last > first)},{last - first}"


class _Matcher(SequenceMatcher[str]):
    """difflib's own drawing of what agrees, found in another way."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__()
        self.a, self.b = before, after
        self._blocks = [*_joined(_blocks(before, after, _MOST)), (len(before), len(after), 0)]

    def get_matching_blocks(self) -> list[Block]:  # type: ignore[override]
        return self._blocks


def _joined(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks that touch on both sides as one: each is to end where something differs."""
    current: Block | None = None
    for block in blocks:
        if current is None:
            current = block
        elif (current[0] + current[2], current[1] + current[2]) == block[:2]:
            current = (current[0], current[1], current[2] + block[2])
        else:
            yield current
            current = block
    if current is not None:
        yield current


def _blocks(before: Sequence[str], after: Sequence[str], most: int) -> Iterator[Block]:
    if len(before) * len(after) <= most:
        found = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        yield from ((block.a, block.b, block.size) for block in found if block.size)
        return
    old, new = 0, 0
    for place, new_place in [*_anchors(before, after), (len(before), len(after))]:
        if place < old or new_place < new:
            continue  # lines that agree reached beyond it
        between = _blocks(before[old:place], after[new:new_place], _MOST_BETWEEN)
        if (place - old) * (new_place - new) <= _MOST_BETWEEN:
            yield from ((old + a, new + b, size) for a, b, size in between)
        size = _agreeing(before, after, place, new_place)
        if size:
            yield place, new_place, size
        old, new = place + size, new_place + size


def _agreeing(before: Sequence[str], after: Sequence[str], old: int, new: int) -> int:
    size = 0
    while (
        old + size < len(before)
        and new + size < len(after)
        and before[old + size] == after[new + size]
    ):
        size += 1
    return size


def _anchors(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Indices of equal lines, (before, after), at which the diff is divided; (0, 0) is the first.

    As in a patience diff: the longest sequence of lines that are unique in both texts and have the
    same order in both.
    """
    once = {line for line, count in Counter(after).items() if count == 1}
    once &= {line for line, count in Counter(before).items() if count == 1}
    places = {line: place for place, line in enumerate(after) if line in once}
    pairs = [(place, places[line]) for place, line in enumerate(before) if line in once]
    # The longest increasing row: of each length the one that ends first.
    ends: list[int] = []
    last: list[int] = []
    former: list[int] = []
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        former.append(last[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place)
            last.append(number)
        else:
            ends[length], last[length] = place, number
    row: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = former[number]
    return [(0, 0), *reversed(row)]
