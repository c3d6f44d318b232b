"""Encodes a start's requests beforehand: `python3 -m bench.encode RULES BYTES`."""

from __future__ import annotations

import sys
from pathlib import Path

from lvsboot.commands.rulefiles import read_rules
from lvsboot.ipvs import netlink
from lvsboot.ipvs.changes import diff
from lvsboot.ipvs.channel import open_channel
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.table import Table

BATCH = 256


def main(rules: str, place: str) -> None:
    """The very requests, with the sequence numbers of a fresh channel, each behind its length."""
    with open_channel() as channel:
        encoder, first = RequestEncoder(channel.family_id), channel.reserve()
    changes = diff(Table({}), read_rules(rules).table())
    parts: list[bytes] = []
    for index, change in enumerate(changes):
        last = index % BATCH == BATCH - 1 or index == len(changes) - 1
        request = encoder.change(change, first + index, netlink.NLM_F_ACK if last else 0)
        parts += (len(request).to_bytes(2, "big"), request)
    Path(place).write_bytes(b"".join(parts))


main(*sys.argv[1:])
