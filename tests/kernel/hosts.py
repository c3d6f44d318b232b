"""Network namespaces as hosts, and ipvsadm in them as the oracle."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What ipvsadm shows of a table, all of it together. -R takes these, too: one process for all.
VIEWS = "-S -n\n-L -n --thresholds\n-L --timeout\n-L --daemon\n"
# Services, sync daemons and timeouts as on a new host.
CLEAR = "--stop-daemon master\n--stop-daemon backup\n-C\n--set 900 120 300\n"

_LIBC = ctypes.CDLL(None, use_errno=True)


class Host:
    """A network namespace with its own, empty IPVS table; `lo` and a dummy `eth0` are up."""

    def __init__(self, name: str, *, dummy: bool = True) -> None:
        self.name = name
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        if dummy:
            run("ip", "-n", name, "link", "add", "eth0", "up", "type", "dummy")

    def remove(self) -> None:
        run("ip", "netns", "delete", self.name)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Puts the thread, and what it starts, on the host."""
        with Path("/proc/thread-self/ns/net").open("rb") as home:
            with Path(f"/run/netns/{self.name}").open("rb") as there:
                _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())

    def ipvsadm(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """That a command fails is the caller's to judge."""
        argv = ["ipvsadm", *arguments]
        with self.entered():
            return subprocess.run(argv, input=text, capture_output=True, text=True, check=False)

    def restore(self, text: str) -> subprocess.CompletedProcess[str]:
        """What ipvsadm -R makes of the text; it prints only what the text lists."""
        return self.ipvsadm("-R", text=text)

    def state(self) -> str:
        return self.restore(VIEWS).stdout

    def lvsboot(self, *arguments: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
        argv = ["python3", "-m", "lvsboot", *arguments]
        with self.entered():
            return subprocess.run(argv, capture_output=True, text=True, check=False, user=user)


def _set_namespace(descriptor: int) -> None:
    """By libc: os.setns() came with Python 3.12."""
    if _LIBC.setns(descriptor, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def run(*argv: str) -> None:
    subprocess.run(argv, check=True)


def empty_folders(*folders: str) -> None:
    """Takes all out of them, folders that other tests' units have made among it."""
    for place in (place for folder in folders for place in Path(folder).glob("*")):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()
