"""A mount and network namespace with sysctl.d's folders of its own, where both programs run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from lvsboot.host.sysctl_files import FOLDERS

SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
CONF = "/proc/sys/net/ipv4/conf"
DEVICES = ("all", "default", "lo", "eth0", "eth1", "-e", "x.y")
KEYS = ("arp_ignore", "arp_announce")
# A tmpfs over /run and /usr/local/lib has room for folders that a host may not have.
_ENTER = """
set -e
for folder in /run /usr/local/lib; do mount -t tmpfs tmpfs $folder; mkdir $folder/sysctl.d; done
for folder in {folders}; do
    [ -L ${{folder%/*}} ] || [ ! -d $folder ] || mount --bind {root}$folder $folder
done
[ ! -e /etc/sysctl.conf ] || mount --bind {root}/etc/sysctl.conf /etc/sysctl.conf
ip link add eth0 type veth peer name -- -e 2>/dev/null || ip link add eth0 type veth peer name -e
ip link add eth1 type veth peer name x.y
"""


class Sandbox:
    """`root` holds what the namespace sees in sysctl.d's folders."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in FOLDERS[:4]:
            (root / folder.lstrip("/")).mkdir(parents=True)
        (root / "etc/sysctl.conf").touch()
        self._shell = subprocess.Popen(
            ["unshare", "-Urmn", "--propagation", "private", "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: str) -> str:
        """What the script says; its status is not looked at."""
        shell = self._shell
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(f"( {script}\n) </dev/null 2>&1; echo; echo =done\n")
        shell.stdin.flush()
        lines = []
        while (line := shell.stdout.readline()) not in {"=done\n", ""}:
            lines.append(line)
        return "".join(lines).strip()

    def enter(self) -> str:
        """Puts the folders in place; what it says is why it could not."""
        text = _ENTER.format(root=shlex.quote(str(self.root)), folders=" ".join(FOLDERS[:4]))
        return self.run(text)

    def clear(self) -> None:
        for folder in FOLDERS[:4]:
            for place in (self.root / folder.lstrip("/")).iterdir():
                shutil.rmtree(
                    place
                ) if place.is_dir() and not place.is_symlink() else place.unlink()
        (self.root / "etc/sysctl.conf").write_bytes(b"")

    def values(self, program: str) -> dict[tuple[str, str], str]:
        """Each parameter after the program, all of them zero before."""
        self.run(f"for key in {CONF}/*/arp_ignore {CONF}/*/arp_announce; do echo 0 >$key; done")
        self.run(program)
        said = self.run(f"cd {CONF} && grep -H '' -- */arp_ignore */arp_announce")
        values = {}
        for line in said.splitlines():
            place, _, value = line.partition(":")
            device, _, key = place.partition("/")
            values[device, key] = value
        return values

    def close(self) -> None:
        self._shell.kill()
        self._shell.communicate()


def open_sandbox(root: Path) -> Sandbox:
    """Skips where the host has no such namespaces; in the lab's VM that is a failure."""
    sandbox = Sandbox(root)
    trouble = sandbox.enter() if Path(SYSTEMD_SYSCTL).exists() else "systemd-sysctl is missing"
    if trouble:
        sandbox.close()
        if os.environ.get("LVSBOOT_NATIVE"):
            pytest.fail(trouble)
        pytest.skip(f"needs user namespaces and systemd-sysctl: {trouble}")
    return sandbox
