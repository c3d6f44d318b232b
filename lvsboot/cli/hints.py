"""What may have been meant by a word that is no verb and no option. Loaded for errors alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100
# What ipvsadm's and ip's users type first, and where that is here.
_ELSEWHERE = [
    (r"-[Ll]\w*|--list|list|show|ls", "`lvsboot status` shows the table"),
    (r"-S\w*|--save", "`lvsboot save --output -` prints the table as ipvsadm -Sn does"),
    (r"-[vV]|version", "did you mean '--version'?"),
    (r"-C|--clear", "`systemctl stop lvs` removes our services"),
    (r"-R|--restore", "`lvsboot start --rules FILE` loads rules"),
    (r"-Z", "`lvsboot zero` sets the counters to zero"),
]
# Run by units. It applies a role at once: nobody is sent there by a typing error.
_NEVER = {"provision"}


def hint(word: str, known: Iterable[str]) -> str:
    """What does the same here, or the nearest of `known`, or where to look."""
    for pattern, sentence in _ELSEWHERE:
        if re.fullmatch(pattern, word):
            return sentence
    name, equals, value = word.partition("=")
    offered = [one for one in known if one not in _NEVER]
    # Beyond any name's length there is nothing near, and looking for it takes long.
    near = get_close_matches(name, offered, n=1) if len(name) < _LONGEST else []
    return f"did you mean '{near[0]}{equals}{value}'?" if near else "see --help"
