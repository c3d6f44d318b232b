"""The guide's two clusters as machines: director, two real servers, a client on one segment."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path

from lab import image, qemu
from lab.image import DEBIAN_13, Distribution
from lab.machines import run_folder, seed_volume, started
from lab.paths import LVSBOOT, REPO
from lab.shell import run
from lab.vm import VM, Machine, Nic

VIP = "172.16.14.1"
CLIENT = "172.16.14.100"
ROLES = ("director", "rs1", "rs2")


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
def running(
    kind: Kind,
    *,
    baked: Distribution | None = None,
    credential: Distribution | None = None,
    by_wheel: bool = False,
    keep: bool = False,
) -> Iterator[Cluster]:
    """The cluster, starting up: its machines run, `wait_until_booted` waits for them.

    `baked`: from disks of this release with the roles written into them, without cloud-init.
    `credential`: from one disk of this release, without cloud-init; the roles come by SMBIOS, and
    on Debian 13 the director's root is read-only.
    `by_wheel`: lvsboot comes from its wheel, not from its package.
    `keep`: the machines outlive this process. On failure the folder stays, with consoles and
    journals.
    """
    release = baked or credential
    name = f"{kind.value}-{release.suite}" if release else kind.value
    with (
        run_folder(name, keep=keep) as folder,
        started(
            _machines(kind, folder, baked=baked, credential=credential, by_wheel=by_wheel),
            folder,
            keep=keep,
        ) as vms,
    ):
        yield Cluster(kind, vms, folder)


def _machines(
    kind: Kind,
    folder: Path,
    *,
    baked: Distribution | None,
    credential: Distribution | None,
    by_wheel: bool,
) -> list[Machine]:
    outside, inside = (qemu.free_port(socket.SOCK_DGRAM) for _ in range(2))
    segments = {
        "director": (outside, inside) if kind is Kind.NAT else (outside,),
        "rs1": (inside,) if kind is Kind.NAT else (outside,),
        "rs2": (inside,) if kind is Kind.NAT else (outside,),
        "client": (outside,),
    }
    with ThreadPoolExecutor() as pool:
        images = dict(
            zip(
                segments,
                pool.map(
                    partial(_image, kind, baked=baked, credential=credential, by_wheel=by_wheel),
                    segments,
                ),
                strict=True,
            )
        )
    return [
        Machine(
            name=name,
            image=images[name],
            nics=tuple(
                Nic(port, f"52:54:00:00:{number:02x}:{index:02x}")
                for index, port in enumerate(ports)
            ),
            ssh_port=qemu.free_port(socket.SOCK_STREAM),
            seed=None
            if baked or credential or name == "client"
            else _seed(kind.roles[name], folder),
            kernel_words=_kernel_words(name, is_sealed=_is_sealed(name, credential)),
            credential=_credential(kind.roles[name], folder)
            if credential and name != "client"
            else (),
            writable=not _is_sealed(name, credential),
            # The capturing client needs processor time, however many machines boot.
            niceness=0 if name == "client" else 5,
        )
        for number, (name, ports) in enumerate(segments.items(), start=1)
    ]


def _is_sealed(name: str, credential: Distribution | None) -> bool:
    """Debian 12's systemd cannot start a service with a private /dev where /tmp is read-only."""
    return credential == DEBIAN_13 and name == "director"


def _image(
    kind: Kind,
    name: str,
    *,
    baked: Distribution | None,
    credential: Distribution | None,
    by_wheel: bool,
) -> image.Image:
    if name == "client":
        return image.base()
    if credential:
        return image.waiting(credential)
    if baked:
        return image.baked(kind.roles[name], baked)
    return image.installed(by_wheel=by_wheel)


def _kernel_words(name: str, *, is_sealed: bool) -> tuple[str, ...]:
    if name == "client":
        # A client needs no cloud-init to have an address and a name.
        address = f"ip={CLIENT}:::255.255.0.0:client:eth0:off"
        return ("cloud-init=disabled", "systemd.hostname=client", address)
    if is_sealed:
        # /var in memory. The root stays read-only.
        return ("ro", "systemd.volatile=state")
    return ("lab.web",) if name.startswith("rs") else ()


def _credential(role: Path, folder: Path) -> tuple[str, ...]:
    """QEMU's SMBIOS arguments, from the words of the line that lvsboot prints for them."""
    said = run([LVSBOOT, "credential", role, "-o", folder / f"{role.stem}.smbios"])
    [words] = [line for line in said.splitlines() if line.startswith("-smbios ")]
    return tuple(shlex.split(words))


def _seed(role: Path, folder: Path) -> Path:
    files = folder / f"{role.stem}.seed"
    files.mkdir()
    run([LVSBOOT, "cloud-init", role, "-o", files])
    return seed_volume(files)
