"""The guide's two clusters as machines: director, two real servers, a client on one segment."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from lab import image, qemu
from lab.machines import run_folder, started
from lab.paths import REPO
from lab.vm import VM, Machine, Nic
from lab.ways import Boot, Seeded, Way

VIP = "172.16.14.1"
CLIENT = "172.16.14.100"
ROLES = ("director", "rs1", "rs2")
_SEEDED = Seeded()


class Kind(Enum):
    """How the director forwards; the hosts' segments follow from it."""

    DR = "dr"
    NAT = "nat"

    @property
    def roles(self) -> Mapping[str, Path]:
        return {name: REPO / "examples" / self.value / f"{name}.yaml" for name in ROLES}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Four booted machines by name, and the folder with their consoles and ssh_config."""

    kind: Kind
    machines: Mapping[str, VM]
    folder: Path

    @property
    def director(self) -> VM:
        return self.machines["director"]

    @property
    def real_servers(self) -> tuple[VM, ...]:
        return (self.machines["rs1"], self.machines["rs2"])

    @property
    def client(self) -> VM:
        return self.machines["client"]

    def mac(self, name: str, interface: int = 0) -> str:
        """The hardware address of a machine's ethN."""
        return self.machines[name].machine.nics[interface].mac

    def wait_until_booted(self) -> None:
        for vm in self.machines.values():
            vm.wait_until_booted()

    def reboot(self) -> None:
        """Reboot director and real servers side by side. The client stays up, capturing."""
        boots = {name: self.machines[name].begin_reboot() for name in ROLES}
        for name, boot in boots.items():
            self.machines[name].wait_until_booted(previous_boot=boot)


@contextmanager
def running(kind: Kind, way: Way = _SEEDED, *, keep: bool = False) -> Iterator[Cluster]:
    """The cluster, starting up: its machines run, `wait_until_booted` waits for them.

    `keep`: the machines outlive this process. On failure the folder stays, with consoles and
    journals.
    """
    with (
        run_folder(f"{kind.value}{way.label}", keep=keep) as folder,
        started(_machines(kind, way, folder), folder, keep=keep) as vms,
    ):
        yield Cluster(kind, vms, folder)


def _machines(kind: Kind, way: Way, folder: Path) -> list[Machine]:
    outside, inside = (qemu.free_port(socket.SOCK_DGRAM) for _ in range(2))
    segments = {
        "director": (outside, inside) if kind is Kind.NAT else (outside,),
        "rs1": (inside,) if kind is Kind.NAT else (outside,),
        "rs2": (inside,) if kind is Kind.NAT else (outside,),
        "client": (outside,),
    }
    with ThreadPoolExecutor() as pool:
        prepare = partial(_prepare, kind, way, folder)
        boots = dict(zip(segments, pool.map(prepare, segments), strict=True))
    return [
        Machine(
            name=name,
            image=boots[name].image,
            nics=tuple(
                Nic(port, f"52:54:00:00:{number:02x}:{index:02x}")
                for index, port in enumerate(ports)
            ),
            ssh_port=qemu.free_port(socket.SOCK_STREAM),
            seed=boots[name].seed,
            web_port=boots[name].web_port,
            kernel_words=(*_kernel_words(name), *boots[name].kernel_words),
            credential=boots[name].credential,
            writable=boots[name].writable,
            # The capturing client needs processor time, however many machines boot.
            niceness=0 if name == "client" else 5,
        )
        for number, (name, ports) in enumerate(segments.items(), start=1)
    ]


def _prepare(kind: Kind, way: Way, folder: Path, name: str) -> Boot:
    return Boot(image.base()) if name == "client" else way.prepare(kind.roles[name], folder)


def _kernel_words(name: str) -> tuple[str, ...]:
    if name == "client":
        # A client needs no cloud-init to have an address and a name.
        address = f"ip={CLIENT}:::255.255.0.0:client:eth0:off"
        return ("cloud-init=disabled", "systemd.hostname=client", address)
    return ("lab.web",) if name.startswith("rs") else ()
