"""Encodes a start's netlink requests beforehand: `python3 -m bench.encode RULES BYTES`."""

from __future__ import annotations

import sys
from pathlib import Path

from lvsboot.commands.rulefiles import read_rules
from lvsboot.ipvs.changes import diff
from lvsboot.ipvs.channel import open_channel
from lvsboot.ipvs.netlink import acknowledged
from lvsboot.ipvs.requests import RequestEncoder
from lvsboot.ipvs.table import Table

BATCH = 256


def main(rules: str, place: str) -> None:
    """Write a start's requests with a new channel's sequence numbers, each after its length."""
    with open_channel() as channel:
        encoder, first = RequestEncoder(channel.family_id), channel.reserve()
    requests = encoder.changes(diff(Table({}), read_rules(rules).table()), first)
    requests[BATCH - 1 :: BATCH] = map(acknowledged, requests[BATCH - 1 :: BATCH])
    requests[-1] = acknowledged(requests[-1])
    parts = (len(request).to_bytes(2, "big") + request for request in requests)
    Path(place).write_bytes(b"".join(parts))


main(*sys.argv[1:])
