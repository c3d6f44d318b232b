"""The programs that are timed: each loads the same rules in a process and namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lvsboot import paths
from tests.kernel.hosts import Host

FOLDER = Path("/run/bench")
RULES = FOLDER / "rules"
POOL = 10
# What an installation writes to /usr/bin.
COMMAND = FOLDER / "lvsboot"
LVSBOOT = [sys.executable, str(COMMAND), "start", "--rules", str(RULES)]
PYROUTE2 = [sys.executable, "-m", "bench.with_pyroute2", str(RULES)]
ENCODE = [sys.executable, "-m", "bench.encode", str(RULES)]
LIMIT = [sys.executable, "-m", "bench.limit"]


def rules(size: int, *, last_weight: int = 1) -> str:
    """`size` lines: services with ten destinations each, and no address twice."""
    lines: list[str] = []
    while len(lines) < size:
        service, place = divmod(len(lines), POOL + 1)
        vip = f"10.{service >> 16}.{service >> 8 & 255}.{service & 255}:80"
        number = service * POOL + place
        rip = f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}:80"
        weight = last_weight if len(lines) + 1 == size else place
        lines.append(f"-a -t {vip} -r {rip} -g -w {weight}" if place else f"-A -t {vip} -s wlc")
    return "".join(f"{line}\n" for line in lines)


@contextmanager
def fresh_host() -> Iterator[Host]:
    """A new namespace without an earlier run's destinations in its trash, or its state in /run."""
    for place in (paths.LOADED_RULES, paths.LOADING_RULES, paths.LOADED_FROM):
        Path(place).unlink(missing_ok=True)
    host = Host("bench")
    try:
        yield host
    finally:
        host.remove()
        _wait_until_gone()


def _wait_until_gone() -> None:
    """The kernel deletes a namespace's table in the background, which slows the next run down."""
    users = Path("/sys/module/ip_vs_wlc/refcnt")
    while users.exists() and int(users.read_text(encoding="ascii")):
        time.sleep(0.05)


def seconds(host: Host, argv: list[str], text: str = "") -> float:
    """Wall-clock time of a whole process, which must succeed."""
    with host.entered():
        began = time.perf_counter()
        subprocess.run(argv, input=text, text=True, capture_output=True, check=True)
        return time.perf_counter() - began


def count(host: Host) -> int:
    """The number of rules in the table."""
    with host.entered():
        text = Path("/proc/thread-self/net/ip_vs").read_text(encoding="ascii")
    return len(text.splitlines()) - 3


def _expect_all(host: Host, size: int) -> None:
    if count(host) != size:
        raise SystemExit(f"{count(host)} rules are in the table, not {size}")


def ipvsadm(size: int) -> float:
    with fresh_host() as host:
        return seconds(host, ["ipvsadm", "-R"], rules(size))


def ipvsadm_again(size: int) -> float:
    """A restart with ipvsadm: flush and load."""
    with fresh_host() as host:
        text = rules(size)
        host.restore(text)
        return seconds(host, ["ipvsadm", "-C"]) + seconds(host, ["ipvsadm", "-R"], text)


def lvsboot(size: int) -> float:
    with fresh_host() as host:
        RULES.write_text(rules(size), encoding="ascii")
        taken = seconds(host, LVSBOOT)
        _expect_all(host, size)
        return taken


def lvsboot_again(size: int) -> float:
    """A start without changes."""
    with fresh_host() as host:
        RULES.write_text(rules(size), encoding="ascii")
        seconds(host, LVSBOOT)
        return seconds(host, LVSBOOT)


def lvsboot_weight(size: int) -> float:
    """A start that changes one weight."""
    with fresh_host() as host:
        RULES.write_text(rules(size), encoding="ascii")
        seconds(host, LVSBOOT)
        RULES.write_text(rules(size, last_weight=77), encoding="ascii")
        return seconds(host, LVSBOOT)


def limit(size: int) -> float:
    """The same requests, encoded beforehand."""
    with fresh_host() as host:
        RULES.write_text(rules(size), encoding="ascii")
        encoded = FOLDER / "encoded"
        seconds(host, [*ENCODE, str(encoded)])
        taken = seconds(host, [*LIMIT, str(encoded)])
        _expect_all(host, size)
        return taken


def pyroute2(size: int) -> float:
    """Its IPVS class, one call for each rule."""
    with fresh_host() as host:
        RULES.write_text(rules(size), encoding="ascii")
        taken = seconds(host, PYROUTE2)
        _expect_all(host, size)
        return taken


def keepalived(size: int) -> float:
    """From its start to a full table."""
    config = FOLDER / "keepalived.conf"
    config.write_text(_keepalived_config(rules(size)), encoding="ascii")
    argv = ["keepalived", "--dont-fork", "--check", "--use-file", str(config)]
    argv += [f"--pid={FOLDER}/k.pid", f"--checkers_pid={FOLDER}/c.pid"]
    with fresh_host() as host, host.entered():
        began = time.perf_counter()
        with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
            while count(host) < size and daemon.poll() is None:
                time.sleep(0.02)
            taken = time.perf_counter() - began
            full = count(host) == size
            daemon.kill() if not full else daemon.terminate()
    return taken if full else float("nan")


def _keepalived_config(text: str) -> str:
    blocks: list[str] = []
    for line in text.splitlines():
        words = line.split()
        address, _, port = words[2].rpartition(":")
        if words[0] == "-A":
            blocks += ["}\n"] * bool(blocks)
            blocks.append(
                f"virtual_server {address} {port} {{\n lvs_sched wlc\n lvs_method DR\n"
                " protocol TCP\n"
            )
        else:
            server, _, port = words[4].rpartition(":")
            blocks.append(f" real_server {server} {port} {{\n  weight {words[7]}\n }}\n")
    return "".join([*blocks, "}\n"])


def interpreter(_size: int) -> float:
    """What any Python program costs that imports json and socket."""
    with fresh_host() as host:
        return seconds(host, [sys.executable, "-c", "import json, socket"])


PROGRAMS: dict[str, Callable[[int], float]] = {
    "ipvsadm -R": ipvsadm,
    "lvsboot start": lvsboot,
    "the kernel's limit": limit,
    "keepalived": keepalived,
    "pyroute2": pyroute2,
    "ipvsadm -C; -R": ipvsadm_again,
    "lvsboot start, no change": lvsboot_again,
    "lvsboot start, one weight": lvsboot_weight,
    "python3 -c 'import json, socket'": interpreter,
}


def installed(name: str) -> bool:
    return name != "keepalived" or shutil.which("keepalived") is not None


def prepare() -> None:
    FOLDER.mkdir(exist_ok=True)
    COMMAND.write_text("import sys\nfrom lvsboot.cli import run\nsys.exit(run())\n")
    # Bytecode is made by an installation; a checkout would be compiled in each run.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "lvsboot", "bench"], check=True)
    os.environ["PYTHONPATH"] = str(Path.cwd())
