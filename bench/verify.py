"""`python3 -m bench.verify`, as root on a kernel with IPVS: verify beside status, in seconds.

A director with 1,000 services of 20 real servers on ten VIPs. Each is a process of its own, and
they take turns. `python -m lab kernel -- python3 -m bench.verify` runs it in the kernel tier's VM.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time

from tests.kernel.segment import Segment
from tests.kernel.verified import SEEN, VerifiedHost

VIPS, PORTS, REAL_SERVERS = 10, 100, 20
ROUNDS = int(os.environ.get("LVSBOOT_ROUNDS", "5"))


def role() -> str:
    servers = ", ".join(
        f"{{address: 172.16.20.{i}, weight: {i}}}" for i in range(1, REAL_SERVERS + 1)
    )
    lines = [
        "version: 1",
        "network: {backend: external, interfaces: {eth0: {addresses: [172.16.14.10/16]}}}",
        "director:",
        "  method: dr",
        "  vips:",
        *(f"    - {{address: 172.16.15.{i}, interface: eth0}}" for i in range(1, VIPS + 1)),
        "  services:",
        *(
            f"    - {{vip: 172.16.15.{i}, port: {port}, real_servers: [{servers}]}}"
            for i in range(1, VIPS + 1)
            for port in range(1, PORTS + 1)
        ),
    ]
    return "".join(f"{line}\n" for line in lines)


def seconds(host: VerifiedHost, *words: str) -> float:
    """Of one process; it must succeed."""
    binds = "".join(f"mount --bind {host.root}/{folder} /{folder}; " for folder in SEEN)
    script = f'{binds}exec {sys.executable} -m lvsboot "$@" >/dev/null'
    argv = ["ip", "netns", "exec", host.name, "sh", "-ec", script, "sh", *words]
    begin = time.monotonic()
    subprocess.run(argv, check=True)
    return time.monotonic() - begin


def main() -> None:
    compileall.compile_dir("lvsboot", quiet=1)
    host, segment = VerifiedHost("verified"), Segment("bench")
    segment.plug(
        host, "eth0", "172.16.14.10/16", *(f"172.16.15.{i}/32" for i in range(1, VIPS + 1))
    )
    host.become(role())
    seconds(host, "start")
    taken = [(seconds(host, "status"), seconds(host, "verify")) for _ in range(ROUNDS)]
    ratios = [verify / status for status, verify in taken]
    for name, column in zip(("status", "verify"), zip(*taken, strict=True), strict=True):
        print(f"lvsboot {name}: {statistics.median(column):.2f} s")
    print(
        f"verify takes {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
        "times as long as status"
    )
    host.remove()
    segment.remove()


if __name__ == "__main__":
    main()
