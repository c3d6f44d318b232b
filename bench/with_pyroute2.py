"""Loads simple rules with pyroute2: `python3 -m bench.with_pyroute2 RULES`."""

from __future__ import annotations

import sys
from pathlib import Path
from socket import AF_INET

from pyroute2 import IPVS, IPVSDest, IPVSService

_TCP = 6


def main(rules: str) -> None:
    """Rules as bench.programs writes them: TCP, direct routing, weights."""
    service = None
    with IPVS() as ipvs:
        for line in Path(rules).read_text(encoding="ascii").splitlines():
            words = line.split()
            address, _, port = words[2].rpartition(":")
            if words[0] == "-A":
                service = IPVSService(
                    addr=address, port=int(port), protocol=_TCP, af=AF_INET, sched_name=words[4]
                )
                ipvs.service("add", service=service)
            else:
                where, _, port = words[4].rpartition(":")
                destination = IPVSDest(
                    addr=where, port=int(port), fwd_method=3, weight=int(words[7])
                )
                ipvs.dest("add", service=service, dest=destination)


main(*sys.argv[1:])
