"""QEMU's arguments that all VMs share. Starts nothing."""

from __future__ import annotations

import os
import re
import socket
import sys
from pathlib import Path

from lab.image import Image
from lab.paths import LAB, WEB_ADDRESS

QEMU = "qemu-system-x86_64"


def machine_argv(image: Image, *, cpus: int, memory: str, writable: bool = True) -> list[str]:
    """Processor, memory and the root disk, which keeps what is written until QEMU ends.

    The initrd's mount turns to read-only where the disk is not `writable`.
    """
    mode = "snapshot=on" if writable else "readonly=on"
    return [
        *(QEMU, "-M", "q35", "-nodefaults", "-display", "none"),
        *_accelerator_argv(),
        *("-smp", str(cpus), "-m", memory),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd)),
        *("-drive", f"file={image.disk},format=raw,if=virtio,{mode}"),
        *(
            "-object",
            "rng-random,id=rng,filename=/dev/urandom",
            "-device",
            "virtio-rng-pci,rng=rng",
        ),
    ]


def kernel_line(*words: str) -> str:
    """The kernel's command line."""
    # A lab VM runs no hostile code, and clearing each page and object takes a tenth of its time.
    hardening = ("mitigations=off", "init_on_alloc=0")
    # Asking the BIOS about its disks reads each of them by polling, while QEMU waits for it.
    firmware = "edd=off"
    console = ("console=ttyS0", "quiet", "panic=-1")
    return " ".join((*console, "net.ifnames=0", firmware, *hardening, *words))


def segment_nic_argv(port: int, mac: str) -> list[str]:
    """A NIC on the Ethernet segment that all VMs with this multicast port share."""
    group = f"socket,mcast=230.0.0.1:{port},localaddr=127.0.0.1"
    return ["-nic", f"{group},model=virtio-net-pci,mac={mac}"]


def management_nic_argv(ssh_port: int, mac: str, web_port: int | None = None) -> list[str]:
    """A NIC without a network: only SSH from the host's loopback reaches it.

    With `web_port` the machine reaches a web server of the host's loopback at WEB_ADDRESS.
    """
    net = "user,restrict=on,net=192.168.250.0/24,dhcpstart=192.168.250.15"
    forward = f"hostfwd=tcp:127.0.0.1:{ssh_port}-192.168.250.15:22"
    if web_port is not None:
        # A process for each connection: QEMU's own forwarding joins them all into one.
        relay = f"cmd:{sys.executable} -S {LAB / 'relay.py'} {web_port}"
        forward += f",guestfwd=tcp:{WEB_ADDRESS}:80-{relay}"
    return ["-nic", f"{net},{forward},model=virtio-net-pci,mac={mac}"]


def free_port(kind: socket.SocketKind) -> int:
    """A port of the loopback interface that is free now, TCP (SOCK_STREAM) or UDP (SOCK_DGRAM)."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accelerator_argv() -> list[str]:
    accelerator = os.environ.get("LVSBOOT_ACCEL") or ("kvm" if _kvm_works() else "tcg")
    if accelerator == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # A processor without AVX: a guest that finds AVX uses it, and emulating it
    # is slower than what it replaces.
    return ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]


def _kvm_works() -> bool:
    # /dev/kvm alone proves nothing: in some VMs it exists and a guest hangs under it.
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return re.search(r"\b(vmx|svm)\b", flags) is not None and os.access("/dev/kvm", os.W_OK)
