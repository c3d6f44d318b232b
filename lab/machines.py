"""A run's machines: started together, reached by name, and their logs kept after a failure."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab import ssh
from lab.paths import RUNS
from lab.shell import run
from lab.vm import VM, Machine


@contextmanager
def run_folder(name: str, *, keep: bool = False) -> Iterator[Path]:
    """A folder for this process's one run of the name; it stays after a failure, or with `keep`."""
    folder = RUNS / f"{name}-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException as error:
        error.add_note(f"consoles and journals: {folder}")
        raise
    if not keep:
        shutil.rmtree(folder)


@contextmanager
def started(
    machines: Sequence[Machine], folder: Path, *, keep: bool = False
) -> Iterator[Mapping[str, VM]]:
    """The machines by name, starting up; `keep`: they outlive this process.

    A failure puts their journals into `folder`, which has their consoles and the ssh_config.
    """
    sockets = Path(tempfile.mkdtemp(prefix="lvsboot-lab-"))
    ports = {machine.name: machine.ssh_port for machine in machines}
    ssh.write_config(folder / "ssh_config", ports, sockets)
    with ExitStack() as stack:
        vms = {machine.name: VM(machine, folder, keep=keep) for machine in machines}
        if not keep:
            stack.callback(shutil.rmtree, sockets, ignore_errors=True)
            for vm in vms.values():
                stack.enter_context(vm)
        try:
            yield vms
        except BaseException:
            for vm in vms.values():
                vm.save_journal()
            raise


def seed_volume(files: Path) -> Path:
    """A NoCloud seed as cloud-init looks for one: a volume labelled CIDATA, beside its files."""
    volume = files.with_suffix(".iso")
    run(["xorriso", "-as", "mkisofs", "-quiet", "-V", "CIDATA", "-J", "-r", "-o", volume, files])
    return volume
