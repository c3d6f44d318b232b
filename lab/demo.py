"""The demo: boots a cluster, sends requests through its VIP and draws who answered how many."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed

from rich.console import Console

from lab import cluster as clusters
from lab import drawing, ipvsadm, ssh
from lab.cluster import Cluster, Kind
from lab.shell import LabError

CONCURRENCY = 10


def show(kind: Kind, *, requests: int, keep: bool) -> None:
    """Everything from the image to the drawing, with progress; `keep` leaves the machines on."""
    console = Console(highlight=False)
    console.print(f"[bold]LVS-{kind.name}[/]: a director, two real servers and a client")
    with clusters.running(kind, keep=keep) as cluster:
        _wait_until_booted(cluster, console)
        with console.status(f"sending {requests} requests, {CONCURRENCY} at a time"):
            answers = _send_requests(cluster, requests)
            # The kernel brings the numbers that ipvsadm shows up to date every 2 s.
            time.sleep(2.5)
        console.print()
        console.print(_draw(cluster, answers, requests), markup=False)
        console.print("\ndirector# ipvsadm -Ln --stats", style="bold")
        console.print(cluster.director.run("ipvsadm -Ln --stats"), markup=False)
    if keep:
        _say_goodbye(cluster, console)


def _wait_until_booted(cluster: Cluster, console: Console) -> None:
    began = time.monotonic()
    with (
        console.status("booting from cloud-init seeds (a minute or two without KVM)"),
        ThreadPoolExecutor(len(cluster.machines)) as pool,
    ):
        waits = {pool.submit(vm.wait_until_booted): vm.name for vm in cluster.machines.values()}
        for wait in as_completed(waits):
            wait.result()
            console.print(f"  {waits[wait]:<9} booted after {time.monotonic() - began:.0f} s")


def _send_requests(cluster: Cluster, requests: int) -> Counter[str]:
    """How many answers name each real server, by the answers' own bodies."""
    url = f"http://{clusters.VIP}/"
    # -v 4 prints each answer with its body.
    load = f"ab -q -v 4 -c {min(CONCURRENCY, requests)} -n {requests} {url}"
    said = cluster.client.run(load, timeout=60 + requests / 5)
    failed = re.search(r"^(Failed|Non-2xx).*: +([1-9]\d*)$", said, re.MULTILINE)
    if failed:
        raise LabError(f"of {requests} requests to {url}, {failed[2]} failed")
    return Counter(re.findall(r"^(rs\d)$", said, re.MULTILINE))


def _draw(cluster: Cluster, answers: Counter[str], requests: int) -> str:
    service = ipvsadm.read_service(cluster.director)
    names = [vm.name for vm in cluster.real_servers]
    servers = [
        drawing.Answered(name, server.address, server.weight, answers[name])
        for name, server in zip(names, service.real_servers, strict=True)
    ]
    request = f"{requests} requests to http://{clusters.VIP}/"
    match cluster.kind:
        case Kind.DR:
            director = ["director", "172.16.14.10", f"VIP {clusters.VIP}", service.scheduler]
            return drawing.draw_dr(director, servers, request)
        case Kind.NAT:
            director = ["director", f"VIP {clusters.VIP}", service.scheduler, "10.0.0.1"]
            return drawing.draw_nat(director, servers, request)


def _say_goodbye(cluster: Cluster, console: Console) -> None:
    console.print("The machines go on running. Log in with", style="bold")
    for vm in cluster.machines.values():
        console.print(f"  {ssh.login_hint(vm.config, vm.name)}", soft_wrap=True)
    pids = " ".join(str(vm.pid) for vm in cluster.machines.values())
    console.print("and end them with", style="bold")
    console.print(f"  kill {pids}")
