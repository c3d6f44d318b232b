"""Checks that the kernel's nftables table is what the role's file makes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import ndiff
from itertools import islice

from lvsboot import paths
from lvsboot.commands.verify.facts import LiveFacts
from lvsboot.commands.verify.results import Result, failure, found, unseen
from lvsboot.commands.verify.unseen import Unseen

TABLE = "nft.table"
_MOST_LINES = 3
_FIX = "`systemctl reload-or-restart lvs-nft`"


def check_nft(live: LiveFacts) -> Iterator[Result]:
    nft = live.nft
    if nft is None:
        return
    expected = f"the table of {paths.NFT}"
    if isinstance(nft, Unseen):
        yield unseen(TABLE, nft, expected)
        return
    problems = []
    if nft.actual is None:
        problems = [failure(TABLE, "there is no table inet lvsboot", expected, _FIX)]
    elif nft.actual != nft.expected:
        lines = ndiff(nft.actual.splitlines(), nft.expected.splitlines())
        changed = (line.replace("\t", " ") for line in lines if line[:1] in "+-")
        words = "; ".join(" ".join(line.split()) for line in islice(changed, _MOST_LINES))
        seen = f"table inet lvsboot differs (- is there, + is missing): {words}"
        problems = [failure(TABLE, seen, expected, _FIX)]
    yield from found(TABLE, problems, "table inet lvsboot is the role's")
