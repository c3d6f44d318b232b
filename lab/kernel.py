"""Runs a command inside a small VM: a real kernel with IPVS, this checkout, no systemd."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lab import image, qemu
from lab.paths import GUEST, REPO, RUNS
from lab.shell import LabError, run

# Copied into the VM, on a disk that is made anew for each run.
SOURCES = (
    "lvsboot",
    "schemas",
    "templates",
    "units",
    "examples",
    "tests",
    "bench",
    "pyproject.toml",
)
# QEMU's emulation sometimes panics a kernel in its first two seconds, before the command.
_BOOTS = 2


def run_pytest(arguments: Sequence[str]) -> int:
    """The kernel tier: its tests, or those that the arguments name; pytest's exit status."""
    named = any(argument.startswith("tests/") for argument in arguments)
    what = arguments if named else ["tests/kernel", *arguments]
    return run_command(["python3", "-m", "pytest", "-p", "no:cacheprovider", *what])


def run_bench(arguments: Sequence[str]) -> int:
    """The benchmarks; their exit status."""
    found = importlib.util.find_spec("pyroute2")
    assert found is not None and found.origin is not None
    # Debian's has no class for IPVS yet.
    folders = [Path(found.origin).parent]
    argv = ["python3", "-m", "bench", *arguments]
    return run_command(argv, packages=("keepalived",), folders=folders)


def run_command(
    argv: Sequence[str],
    *,
    cpus: int = 2,
    packages: Sequence[str] = (),
    folders: Sequence[Path] = (),
) -> int:
    """The command's exit status; what it writes goes to standard output as it comes.

    It finds the `folders` beside it, and the `packages` installed.
    """
    disk_image = image.base(*packages)
    RUNS.mkdir(parents=True, exist_ok=True)
    console = RUNS / "kernel" / "console.log"
    console.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=RUNS) as scratch:
        disk = _source_disk(Path(scratch), argv, folders)
        for _ in range(_BOOTS):
            has_written = _boot(disk_image, disk, Path(scratch) / "console.log", cpus=cpus)
            shutil.copy(Path(scratch) / "console.log", console)
            status = _exit_status(console)
            if status is not None:
                return status
            if has_written:
                break
    raise LabError(f"the kernel tier's VM died before the command's end: see {console}")


def _exit_status(console: Path) -> int | None:
    last = re.findall(r"^lab: exit status (\d+)", console.read_text(errors="replace"), re.MULTILINE)
    return int(last[-1]) if last else None


def _source_disk(scratch: Path, argv: Sequence[str], folders: Sequence[Path]) -> Path:
    tree = scratch / "tree"
    tree.mkdir()
    skip = shutil.ignore_patterns("__pycache__")
    for source in (*(REPO / name for name in SOURCES), *folders):
        if source.is_dir():
            shutil.copytree(source, tree / source.name, symlinks=True, ignore=skip)
        elif source.exists():
            shutil.copy(source, tree / source.name)
    shutil.copy(GUEST / "kernel-init", tree / "init")
    (tree / "init").chmod(0o755)
    (tree / "command").write_text("".join(f"{word}\n" for word in argv))
    (tree / "environment").write_text(_environment())
    disk = scratch / "disk"
    run(["mkfs.ext4", "-q", "-O", "^has_journal", "-d", tree, disk, "512M"])
    return disk


def _environment() -> str:
    """The terminal's variables, so that a command in the VM writes for it."""
    on_terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    variables = {
        "COLUMNS": str(shutil.get_terminal_size((100, 24)).columns),
        "PYTHONUNBUFFERED": "1",
        "PY_COLORS": str(int(on_terminal)),
        **{name: text for name, text in os.environ.items() if name.startswith("LVSBOOT_")},
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _boot(root: image.Image, disk: Path, console: Path, *, cpus: int) -> bool:
    """Whether the command wrote anything."""
    argv = [
        *("setpriv", "--pdeathsig", "KILL"),
        *qemu.machine_argv(root, cpus=cpus, memory="2G"),
        *("-append", qemu.kernel_line("init=/lab/init", "lab.extra=/lab"), "-no-reboot"),
        *("-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"),
        *("-serial", f"file:{console}"),
        *("-device", "virtio-serial-pci", "-chardev", "file,id=out,path=/dev/stdout"),
        *("-device", "virtserialport,nr=1,chardev=out"),
    ]
    # A virtio port passes every byte unchanged, unlike a terminal. It goes to a file
    # device: QEMU's stdio would hang up at the end of standard input.
    has_written = False
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vm:
        assert vm.stdout is not None
        try:
            while chunk := os.read(vm.stdout.fileno(), 65536):
                has_written = True
                sys.stdout.buffer.write(chunk)
                sys.stdout.buffer.flush()
        except BaseException:
            vm.kill()
            raise
    return has_written
