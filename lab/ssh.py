"""Commands on a booted host: OpenSSH over the host's loopback, one connection kept for many."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.image import key_file
from lab.shell import LabError

UNREACHABLE = 255  # ssh's own status, if it is not the remote command's


def write_config(path: Path, ports: Mapping[str, int], sockets: Path) -> None:
    """A client configuration that knows each host by its name: `ssh -F PATH NAME`.

    `sockets` is a folder with a short path: a Unix socket's name has room for 100 bytes.
    """
    hosts = "".join(f"Host {name}\n    Port {port}\n" for name, port in ports.items())
    common = f"""Host *
    HostName 127.0.0.1
    User root
    IdentityFile {key_file()}
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
    ConnectTimeout 30
    ControlMaster auto
    ControlPersist 600
    ControlPath {sockets}/%n
"""
    path.write_text(hosts + common)


def try_command(config: Path, host: str, command: str, *, timeout: float) -> int | None:
    """The exit status of a shell command; None if the host does not answer in time."""
    try:
        done = subprocess.run(
            _argv(config, host, command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode == UNREACHABLE else done.returncode


def run_command(config: Path, host: str, command: str, *, timeout: float = 120) -> str:
    """What a shell command wrote; one that fails is an error with its output."""
    try:
        done = subprocess.run(
            _argv(config, host, command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"{host}: no end within {timeout:.0f} s: {command}") from None
    if done.returncode != 0:
        said = done.stdout + done.stderr
        raise LabError(f"{host}: exit status {done.returncode}: {command}\n{said}")
    return done.stdout


def disconnect(config: Path, host: str) -> None:
    """Close the kept connection: its host is about to go down without closing it."""
    subprocess.run(["ssh", "-F", str(config), "-O", "exit", host], capture_output=True, check=False)


def login_hint(config: Path, host: str) -> str:
    return shlex.join(["ssh", "-F", str(config), host])


def _argv(config: Path, host: str, command: str) -> list[str]:
    return ["ssh", "-F", str(config), host, command]
