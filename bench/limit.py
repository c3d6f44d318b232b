"""The kernel's own limit: sends what bench.encode has written, and does nothing else."""

from __future__ import annotations

import sys

from lvsboot.ipvs.channel import open_channel

_BATCH = 256


def main(place: str) -> None:
    with open(place, "rb") as file:  # noqa: PTH123 - importing pathlib would be timed, too
        data = file.read()
    with open_channel() as channel:
        offset = 0
        while offset < len(data):
            requests: list[bytes] = []
            while offset < len(data) and len(requests) < _BATCH:
                begin = offset + 2
                offset = begin + int.from_bytes(data[offset:begin], "big")
                requests.append(data[begin:offset])
            if channel.send_batch(requests, channel.reserve(len(requests))):
                raise SystemExit("refused")


main(*sys.argv[1:])
