"""Brings a running system to the files that were just written, with the system's own tools."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.files import Change, Remove
from lvsboot.model import Director, Role
from lvsboot.render.rules import needed_modules
from lvsboot.system import run
from lvsboot.tree import Tree

_SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
_VIP_LINK = re.compile(r".*/lvs\.service\.wants/(lvs-vip@[^/]+\.service)")
_VIP_DROP_IN = re.compile(r".*/(lvs-vip@[^/]+\.service)\.d/[^/]+")


def activate(role: Role, tree: Tree, changes: Iterable[Change], *, block: bool) -> None:
    """Loads what a boot would load, in the boot's order; running it again is safe.

    block=False only queues systemd's jobs: what runs inside the boot must not wait for the boot.
    """
    changes = tuple(changes)
    systemctl = ["systemctl"] if block else ["systemctl", "--no-block"]
    # With the definitions that put them up: the new ones may name another device.
    if moved := _moved_vips(changes):
        run([*systemctl, "stop", *moved])
    run(["systemctl", "daemon-reload"])
    if isinstance(role.duty, Director):
        _load_modules(role.duty)
    run([_SYSTEMD_SYSCTL, paths.SYSCTL])
    if any(change.path.startswith(f"{paths.NETWORKD}/") for change in changes):
        run(["networkctl", "reload"])
    run([*systemctl, "reload-or-restart", "lvs.service"])
    # A reload does not pull in what the unit wants, and a new role may have new VIPs.
    if vips := _matches(_VIP_LINK, (entry.path for entry in tree)):
        run([*systemctl, "start", *vips])


def _moved_vips(changes: Iterable[Change]) -> list[str]:
    """The instances that this role no longer has, or has elsewhere."""
    changes = tuple(changes)
    removed = (change.path for change in changes if isinstance(change, Remove))
    return sorted(
        {
            *_matches(_VIP_LINK, removed),
            *_matches(_VIP_DROP_IN, (change.path for change in changes)),
        }
    )


def _matches(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [match[1] for text in texts if (match := pattern.fullmatch(text))]


def _load_modules(director: Director) -> None:
    modules = needed_modules(director)
    try:
        run(["modprobe", "--all", *modules])
    except HostError as error:
        raise HostError(
            f"the running kernel cannot load {' '.join(modules)}: {error}. Debian's "
            "linux-image-amd64 and linux-image-cloud-amd64 carry them; a kernel of your own needs "
            "CONFIG_IP_VS and the schedulers' options; after an upgrade of the kernel, reboot"
        ) from error
