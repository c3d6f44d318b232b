"""A drain under real connections: nobody fails, nobody new comes, and nothing undoes it."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lvsboot import paths
from tests.kernel.hosts import Host, empty_folders
from tests.kernel.segment import DIRECTOR, Segment
from tests.kernel.units import RoleHost

CLIENTS = [f"172.16.14.{last}" for last in range(100, 124)]
SERVERS = {f"rs{number}": f"10.0.0.1{number}" for number in (1, 2, 3)}
RIP = SERVERS["rs1"]
ROLE = f"""\
version: 1
network:
  interfaces:
    eth0: {{addresses: [{DIRECTOR}/16]}}
    eth1: {{addresses: [10.0.0.1/24]}}
director:
  method: nat
  vips: [{{address: {DIRECTOR}, interface: eth0}}]
  services:
    - vip: {DIRECTOR}
      port: 80
      OPTIONS
      real_servers: [{", ".join(f"{{address: {rip}, weight: 3}}" for rip in SERVERS.values())}]
"""
# A reset: the kernel keeps such a connection for 10 s, and one that both ends closed for 120 s.
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Cluster:
    director: RoleHost
    servers: tuple[Host, ...]
    client: Host


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(
        RoleHost("director"),
        tuple(Host(name, dummy=False) for name in SERVERS),
        Host("client", dummy=False),
    )
    outside, inside = Segment("outside"), Segment("inside")
    outside.plug(cluster.director, "eth0", f"{DIRECTOR}/16")
    outside.plug(cluster.client, "eth0", *(f"{address}/16" for address in CLIENTS))
    inside.plug(cluster.director, "eth1", "10.0.0.1/24")
    with ExitStack() as stack:
        for server in cluster.servers:
            inside.plug(server, "eth0", f"{SERVERS[server.name]}/24")
            subprocess.run(
                ["ip", "-n", server.name, "route", "add", "default", "via", "10.0.0.1"], check=True
            )
            stack.enter_context(greeting(server, SERVERS[server.name]))
        yield cluster
    for host in (cluster.director, *cluster.servers, cluster.client):
        host.remove()
    outside.remove()
    inside.remove()


@pytest.fixture(autouse=True)
def _no_state() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    empty_folders(paths.RUNTIME)
    for place in (paths.WEIGHTS, paths.SAVED_RULES, paths.SAVED_RULES_ORIGIN):
        Path(place).unlink(missing_ok=True)


@contextmanager
def greeting(host: Host, address: str) -> Iterator[None]:
    """Each connection is told the host's name, and then what it says itself, until it ends."""
    with host.entered():
        listener = socket.create_server((address, 80), backlog=128)

    def echo(accepted: socket.socket) -> None:
        with accepted:
            try:
                accepted.sendall(host.name.encode())
                while data := accepted.recv(64):
                    accepted.sendall(data)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(accepted,)).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def connect(client: Host, source: str = CLIENTS[0]) -> tuple[socket.socket, str]:
    """A connection through the director, and the name of the server that it got."""
    with client.entered():
        connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.settimeout(10)
    connection.bind((source, 0))
    connection.connect((DIRECTOR, 80))
    return connection, connection.recv(3).decode()


def answers(connection: socket.socket) -> bool:
    connection.sendall(b"still there")
    return connection.recv(64) == b"still there"


@dataclass
class Load:
    """New connections all the time, each with its start and the server that it got."""

    client: Host
    served: list[tuple[float, str]] = field(default_factory=list)
    failures: list[OSError] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                connection, name = connect(self.client)
                assert answers(connection)
                connection.close()
                self.served.append((began, name))
            except OSError as error:
                self.failures.append(error)

    @contextmanager
    def applied(self) -> Iterator[None]:
        threads = [threading.Thread(target=self.run) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join()

    def servers(self, since: float) -> set[str]:
        return {name for began, name in self.served if began > since}


def lvsboot(director: RoleHost, *words: str) -> subprocess.CompletedProcess[str]:
    argv = ["ip", "netns", "exec", director.name, "python3", "-m", "lvsboot", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def become(director: RoleHost, options: str = "scheduler: rr") -> None:
    director.become(ROLE.replace("OPTIONS", options))
    assert lvsboot(director, "start").returncode == 0


def weights(director: RoleHost) -> dict[str, int]:
    """By real server, from ipvsadm."""
    found = re.findall(r"-r (\S+):80 -m -w (\d+)", director.ipvsadm("-Sn").stdout)
    return {address: int(weight) for address, weight in found}


def connections(director: RoleHost) -> str:
    """Those of the drained real server, from ipvsadm."""
    lines = director.ipvsadm("-Lnc").stdout.splitlines()
    return "\n".join(line for line in lines if f" {RIP}:80" in line)


def test_nobody_fails_and_nobody_new_comes(cluster: Cluster) -> None:
    director = cluster.director
    become(director)
    load = Load(cluster.client)
    long = [connect(cluster.client) for _ in range(9)]
    drained = [connection for connection, name in long if name == "rs1"]
    assert len(drained) == 3
    with load.applied():
        time.sleep(3)
        assert load.servers(0) == set(SERVERS)
        done = lvsboot(director, "drain", RIP)
        assert (done.returncode, done.stdout.count("~ change")) == (0, 1), done
        since = time.monotonic()
        time.sleep(3)
        for verb in ("reload", "start"):
            assert lvsboot(director, verb).returncode == 0
        time.sleep(3)
        assert all(map(answers, drained))
        short = lvsboot(director, "drain", RIP, "--wait", "2s")
        assert (short.returncode, "3 active" in short.stderr) == (1, True), short
        with subprocess.Popen(
            ["ip", "netns", "exec", director.name, "python3", "-m", "lvsboot",
             "drain", RIP, "--wait", "3m"], stdout=subprocess.PIPE, text=True
        ) as waiting:  # fmt: skip
            time.sleep(15)
            assert waiting.poll() is None
            assert all(map(answers, drained))
            for connection in drained:
                connection.close()
            assert waiting.stdout is not None
            assert waiting.stdout.read().endswith("no connection is left\n")
            assert connections(director) == ""
        assert waiting.returncode == 0
        assert load.servers(since) == {"rs2", "rs3"}
        assert lvsboot(director, "undrain", RIP).returncode == 0
        since = time.monotonic()
        time.sleep(3)
    rate = len(load.served) / (load.served[-1][0] - load.served[0][0])
    counts = f"{len(load.served)} connections, {rate:.0f} a second, {len(load.failures)} failed"
    sys.stdout.write(f"{counts}\n")
    assert load.failures == []
    assert load.servers(since) == set(SERVERS)
    for connection, _ in long:
        connection.close()


def test_a_wait_is_for_persistent_clients_too(cluster: Cluster) -> None:
    become(cluster.director, "persistence: {timeout: 20}")
    named = ""
    for source in CLIENTS:
        connection, named = connect(cluster.client, source)
        connection.close()
        if named == "rs1":
            break
    assert named == "rs1"
    done = lvsboot(cluster.director, "drain", RIP, "--wait", "1")
    assert "persistent clients of" in done.stderr
    assert "1 persistent client" in done.stderr
    done = lvsboot(cluster.director, "drain", RIP, "--wait", "3m")
    assert (done.returncode, done.stdout) == (0, "no changes\nno connection is left\n"), done
    assert connections(cluster.director) == ""


def reboot(director: RoleHost) -> None:
    """The table and /run are new."""
    director.run("ipvsadm", "-C")
    empty_folders(paths.RUNTIME)


@pytest.mark.parametrize("saved", [False, True], ids=["declared", "saved"])
def test_nothing_undoes_it_but_undrain(cluster: Cluster, *, saved: bool) -> None:
    director = cluster.director
    become(director)
    below = {**dict.fromkeys(SERVERS.values(), 3), **({RIP: 7} if saved else {})}
    if saved:
        director.ipvsadm("-e", "-t", f"{DIRECTOR}:80", "-r", f"{RIP}:80", "-m", "-w", "7")
        assert lvsboot(director, "save").returncode == 0
        lvsboot(director, "start")
    assert weights(director) == below
    assert lvsboot(director, "drain", RIP).returncode == 0
    drained = {**below, RIP: 0}
    assert weights(director) == drained
    for verbs in (["start"], ["reload"], ["stop", "start"], ["save", "start"]):
        for verb in verbs:
            assert lvsboot(director, verb).returncode == 0, verb
        assert weights(director) == drained, verbs
    reboot(director)
    done = lvsboot(director, "start")
    assert f"drained: {RIP} in every service, by " in done.stderr
    assert weights(director) == drained
    shown = lvsboot(director, "status").stdout
    assert re.search(rf"-> {RIP}:80 +-m -w 0 \(drained\) ", shown)
    assert f"drained: {RIP} in every service, by " in shown
    assert "drifted" not in shown
    assert lvsboot(director, "undrain", RIP).returncode == 0
    assert weights(director) == below
    assert "drained" not in lvsboot(director, "status").stdout


def test_a_damaged_file_leaves_the_weights(cluster: Cluster) -> None:
    director = cluster.director
    become(director)
    lvsboot(director, "drain", RIP)
    before = weights(director)
    Path(paths.WEIGHTS).write_text('{"version": 1, "weights": [', encoding="utf-8")
    for verb in ("start", "reload"):
        done = lvsboot(director, verb)
        assert (done.returncode, "is damaged" in done.stderr) == (0, True), done
        assert weights(director) == before
    assert f"warning: {paths.WEIGHTS} is damaged" in lvsboot(director, "status").stdout
    done = lvsboot(director, "undrain", RIP)
    assert (done.returncode, "is damaged" in done.stderr) == (1, True)


def test_a_scheduler_that_would_refuse_clients_is_refused(cluster: Cluster) -> None:
    become(cluster.director, "scheduler: mh")
    done = lvsboot(cluster.director, "drain", RIP)
    assert (done.returncode, "--refuse-clients" in done.stderr) == (1, True)
    assert weights(cluster.director)[RIP] == 3
    assert lvsboot(cluster.director, "drain", RIP, "--refuse-clients").returncode == 0
    assert weights(cluster.director)[RIP] == 0


def shares(client: Host) -> dict[str, str]:
    """The server of each client."""
    found = {}
    for source in CLIENTS:
        connection, found[source] = connect(client, source)
        connection.close()
    return found


@pytest.mark.parametrize("scheduler", ["mh", "sh"])
def test_a_start_hashes_as_the_director_that_was_drained(cluster: Cluster, scheduler: str) -> None:
    director = cluster.director
    become(director, f"scheduler: {scheduler}\n      scheduler_flags: [fallback]")
    assert set(shares(cluster.client).values()) == set(SERVERS)
    lvsboot(director, "drain", RIP)
    running = shares(cluster.client)
    assert set(running.values()) == {"rs2", "rs3"}
    reboot(director)
    lvsboot(director, "start")
    assert shares(cluster.client) == running
    # A destination that is added with 0 makes another table of mh's, and the same of sh's.
    live = director.ipvsadm("-Sn").stdout
    director.restore(f"-C\n{live}")
    assert (shares(cluster.client) == running) is (scheduler == "sh")
