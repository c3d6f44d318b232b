"""Requests through the VIP for as long as something goes on, and one connection that stays."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from lab.cluster import VIP
from lab.vm import VM
from tests.boot.segment import watch

# One at a time, and without a pause: more would leave the restarts no processor.
_AB = f"ab -q -r -s 20 -c 1 -n 500 http://{VIP}/"
_REQUESTS = f"""\
until [ -e /tmp/enough ]; do
    {_AB} >> /tmp/requests 2>&1 || echo 'Failed requests: 1' >> /tmp/requests
done
"""
# http.client opens a connection anew when asked to go on with a closed one, unless told not to.
_CONNECTION = f"""\
import http.client, json, os, time
link = http.client.HTTPConnection("{VIP}", timeout=20)
link.connect()
link.auto_open = 0
said = {{"requests": 0, "servers": [], "error": ""}}
try:
    while not os.path.exists("/tmp/enough"):
        link.request("GET", "/")
        server = link.getresponse().read().decode().strip()
        said["servers"] = sorted({{*said["servers"], server}})
        said["requests"] += 1
        time.sleep(0.5)
except Exception as error:
    said["error"] = repr(error)
with open("/tmp/connection", "w") as file:
    json.dump(said, file)
"""
_COMPLAINT = re.compile(r"^(?:apr_.*|Failed requests: +[1-9].*\n.*|Test aborted.*)$", re.MULTILINE)


@dataclass(slots=True)
class Load:
    """The load's results, filled when the block ends; `broken`: how the long connection ended."""

    ENOUGH: ClassVar[int] = 10_000
    requests: int = 0
    failed: int = 0
    on_one_connection: int = 0
    broken: str = ""
    # What ab said of the failed ones, and who reset a connection or refused one, as tcpdump saw it.
    complaints: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        broken = f"broken: {self.broken}" if self.broken else "whole"
        return (
            f"{self.requests:,} requests, {self.failed:,} failed; the long-lived connection is "
            f"{broken} after {self.on_one_connection:,} of its own"
        )


@contextmanager
def loading(client: VM, *, at_least: int = Load.ENOUGH) -> Iterator[Load]:
    """From the client while the block runs, and on until there are `at_least` requests."""
    load = Load()
    client.run("rm -f /tmp/enough /tmp/requests /tmp/connection")
    with watch(client, "icmp or tcp[tcpflags] & tcp-rst != 0") as seen:
        for name, text, argv in (
            ("requests", _REQUESTS, "sh /tmp/lab-requests"),
            ("connection", _CONNECTION, "python3 /tmp/lab-connection"),
        ):
            client.run(f"cat > /tmp/lab-{name} <<'END'\n{text}END\n")
            client.run(f"systemd-run --quiet --collect --unit=lab-{name} {argv}")
        try:
            yield load
            while _counted(client, "Complete") < at_least:
                time.sleep(2)
        finally:
            client.run("touch /tmp/enough")
            active = "systemctl is-active -q lab-requests lab-connection"
            client.run(f"while {active}; do sleep 0.5; done")
    load.refusals = [f"{frame.time:.3f} {frame.source}: {frame.text}" for frame in seen.frames]
    load.requests = _counted(client, "Complete")
    load.failed = _counted(client, "Failed") + _counted(client, "Non-2xx")
    load.complaints = _COMPLAINT.findall(client.run("cat /tmp/requests"))
    said = json.loads(client.run("cat /tmp/connection"))
    load.on_one_connection = said["requests"]
    load.broken = said["error"] or ("" if len(said["servers"]) == 1 else str(said["servers"]))


def _counted(client: VM, kind: str) -> int:
    said = client.run("cat /tmp/requests 2>/dev/null; true")
    return sum(map(int, re.findall(rf"^{kind} (?:requests|responses): +(\d+)", said, re.MULTILINE)))
