"""One virtual machine, from QEMU's start to its end, whatever the host is for."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from lab import qemu, ssh
from lab.image import Image
from lab.shell import LabError

MANAGEMENT_MAC = "52:54:00:4c:56:53"  # as in rootfs/etc/systemd/network/05-mgmt.link
BOOT_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Nic:
    """One NIC on the segment whose multicast port this is. The first is eth0, then eth1."""

    port: int
    mac: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What is to be booted."""

    name: str
    image: Image
    nics: tuple[Nic, ...]
    ssh_port: int
    seed: Path | None = None
    web_port: int | None = None
    kernel_words: tuple[str, ...] = ()
    niceness: int = 0
    # QEMU's arguments that hand over a role, as `lvsboot credential` prints them.
    credential: tuple[str, ...] = ()
    writable: bool = True


class VM:
    """A running machine. `with VM(...)` ends it; it dies with the lab's process unless kept."""

    def __init__(self, machine: Machine, folder: Path, *, keep: bool = False) -> None:
        """Start QEMU. `folder` gets the console; its ssh_config must know the machine's name."""
        self.machine = machine
        self.name = machine.name
        self.console = folder / f"{machine.name}.console"
        self.config = folder / "ssh_config"
        with (folder / f"{machine.name}.qemu").open("w") as log:
            self._qemu = subprocess.Popen(
                _argv(machine, self.console, keep=keep),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                # A session of its own would be scheduled as a group of its own, whatever its
                # niceness (sched(7), autogroup); one that is kept must outlive the terminal's.
                start_new_session=keep,
                process_group=None if keep else 0,
            )

    def __enter__(self) -> VM:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._qemu.pid

    def run(self, command: str, *, timeout: float = 120) -> str:
        """What a shell command wrote on the machine; LabError where it fails."""
        return ssh.run_command(self.config, self.name, command, timeout=timeout)

    def wait_until_booted(self, *, previous_boot: str | None = None) -> None:
        """Until systemd has no job left of this boot, whether or not all units came up.

        `previous_boot` is the boot_id of a boot that must be over.
        """
        # `!` and `;`: the first answers whether this is the new boot, the second waits for it.
        fresh = (
            f"! grep -q {previous_boot} /proc/sys/kernel/random/boot_id" if previous_boot else ":"
        )
        question = f"{fresh} && {{ systemctl is-system-running --wait; true; }}"
        deadline = time.monotonic() + BOOT_TIMEOUT
        while time.monotonic() < deadline:
            if self._qemu.poll() is not None:
                raise LabError(f"{self.name}: QEMU ended during the boot: see {self.console}")
            left = deadline - time.monotonic()
            if ssh.try_command(self.config, self.name, question, timeout=left) == 0:
                return
            time.sleep(0.5)
        raise LabError(
            f"{self.name}: not booted within {BOOT_TIMEOUT:.0f} s: see {self.console} and journal"
        )

    def begin_reboot(self) -> str:
        """Start a reboot; returns the boot_id that `wait_until_booted` must see change."""
        boot = self.run("cat /proc/sys/kernel/random/boot_id").strip()
        self.run("systemctl --no-block reboot")
        ssh.disconnect(self.config, self.name)
        return boot

    def save_journal(self) -> None:
        """Put the machine's journal beside its console, if it still answers."""
        try:
            journal = self.run("journalctl --no-pager -o short-monotonic", timeout=60)
        except LabError as error:
            journal = f"{error}\n"
        self.console.with_suffix(".journal").write_text(journal)

    def stop(self) -> None:
        """End QEMU at once: nothing of the machine is kept."""
        ssh.disconnect(self.config, self.name)
        self._qemu.terminate()
        try:
            self._qemu.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._qemu.kill()
            self._qemu.wait()


def _argv(machine: Machine, console: Path, *, keep: bool) -> list[str]:
    words = qemu.kernel_line(*machine.kernel_words)
    seed = ["-drive", f"file={machine.seed},format=raw,if=virtio,readonly=on"]
    nics = [word for nic in machine.nics for word in qemu.segment_nic_argv(nic.port, nic.mac)]
    return [
        *("nice", "-n", str(machine.niceness)),
        *([] if keep else ["setpriv", "--pdeathsig", "TERM"]),
        *qemu.machine_argv(machine.image, cpus=1, memory="512M", writable=machine.writable),
        *("-name", f"lvsboot-lab-{machine.name}", "-append", words),
        *(seed if machine.seed else []),
        *machine.credential,
        *nics,
        *qemu.management_nic_argv(machine.ssh_port, MANAGEMENT_MAC, machine.web_port),
        *("-serial", f"file:{console}"),
    ]
