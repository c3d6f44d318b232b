"""Brings a running system to the files that were just written, with the system's own tools."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lvsboot import paths
from lvsboot.commands.network import (
    RUNNING,
    Before,
    RunningHost,
    activate_network,
    note_network,
)
from lvsboot.commands.table_size import size_sentence
from lvsboot.errors import HostError
from lvsboot.install.files import Change, Found, Remove
from lvsboot.install.tree import Tree
from lvsboot.ipvs.table import DaemonRole
from lvsboot.render.modules import needed_modules
from lvsboot.role.model import Director, RealServer, Role
from lvsboot.system.textfiles import read_text, remove_file, write_text

_KERNEL_OPTIONS = {
    Director: "CONFIG_IP_VS and the schedulers' options",
    RealServer: "the tunnels' options, such as CONFIG_NET_IPIP and CONFIG_NET_FOU",
}
_SYSTEMD_SYSCTL = "/usr/lib/systemd/systemd-sysctl"
_WANTED = re.compile(
    r".*/lvs\.service\.wants/"
    r"(lvs-(?:(?:vip|sync)@[^/]+\.service|announce\.service|(?:vip-keep|arp)\.path))"
)
_NFT_LINK = re.compile(r".*/lvs\.service\.wants/(lvs-nft\.service)")
_VIP_DROP_IN = re.compile(r".*/(lvs-vip@[^/]+\.service)\.d/[^/]+")
_SYNC_DROP_IN = f"{paths.UNITS}/lvs-sync@.service.d/role.conf"
_ANNOUNCE_DROP_IN = re.compile(r".*/(lvs-announce\.service)\.d/[^/]+")
_TUNNEL_DROP_IN = re.compile(r".*/(lvs-tunnel\.service)\.d/[^/]+")


def note_changes(changes: Iterable[Change], before: Before, host: RunningHost = RUNNING) -> None:
    """Notes what activate() has to do, until it is done; to be called before files are written.

    `before` is what stands at each change's path. Once the files are written, only
    these notes say what a killed run had still to do.
    """
    changes = tuple(changes)
    note_network(changes, before, host)
    if moved := _moved_units(changes):
        units = sorted({*moved, *_noted_units(host)})
        write_text(host.moved, "".join(f"{unit}\n" for unit in units))


def activate(
    role: Role,
    tree: Tree,
    *,
    block: bool,
    before_network: bool = False,
    allow_removal: bool = False,
    host: RunningHost = RUNNING,
) -> tuple[str, ...]:
    """Loads what a boot would load, in the boot's order; running it again is safe.

    Gives sentences on what waits for a reboot.

    block=False only queues systemd's jobs: what runs inside the boot must not wait for the boot.
    `before_network`: as activate_network().
    """
    systemctl = ["systemctl"] if block else ["systemctl", "--no-block"]
    # Before daemon-reload: the new definitions may name another device.
    if moved := _noted_units(host):
        host.run([*systemctl, "stop", *moved])
    host.run(["systemctl", "daemon-reload"])
    remove_file(host.moved)
    _load_modules(role, host)
    host.run([_SYSTEMD_SYSCTL, paths.SYSCTL])
    if any(entry.path == paths.NFT for entry in tree):
        _load_nft(systemctl, host)
    # Rules before addresses: no client reaches a VIP that nothing serves yet. A restart does what a
    # reload does, and refuses no removal.
    verb = "restart" if allow_removal else "reload-or-restart"
    host.run([*systemctl, verb, "lvs.service"])
    network = activate_network(role, tree, block=block, before_network=before_network, host=host)
    waiting = (*_table_size(role), *network)
    # A new role may have new VIPs. A reload does not pull in what the unit wants; a restart does,
    # but does not wait for it.
    wanted = _matches(_WANTED, (entry.path for entry in tree))
    if wanted and (block or not allow_removal):
        host.run([*systemctl, "start", *wanted])
    return waiting


def _table_size(role: Role) -> tuple[str, ...]:
    """Reads the size back, as the kernel refuses one silently."""
    bits = role.kind.connection_table_bits if isinstance(role.kind, Director) else None
    sentence = size_sentence(bits)
    return () if sentence is None else (sentence,)


def _noted_units(host: RunningHost) -> list[str]:
    return (read_text(host.moved) or "").split()


def _moved_units(changes: Iterable[Change]) -> list[str]:
    """The VIPs, sync daemons, tunnel and table that this role no longer has, or has elsewhere."""
    changes = tuple(changes)
    changed = [change.path for change in changes]
    removed = [change.path for change in changes if isinstance(change, Remove)]
    # A new unit was never up, and systemd fails where it does not know the name. A tunnel and a
    # sync daemon are new with their drop-ins; a real server's VIP has none.
    new = [change.path for change in changes if change.found is Found.NOTHING]
    replaced = {*changed} - {*new}
    moved = {
        *_matches(_WANTED, removed),
        *_matches(_NFT_LINK, removed),
        *({*_matches(_VIP_DROP_IN, changed)} - {*_matches(_WANTED, new)}),
        *_matches(_TUNNEL_DROP_IN, replaced),
        *_matches(_ANNOUNCE_DROP_IN, replaced),
    }
    if _SYNC_DROP_IN in replaced:
        moved.update(f"lvs-sync@{mode.value}.service" for mode in DaemonRole)
    return sorted(moved)


def _matches(pattern: re.Pattern[str], texts: Iterable[str]) -> list[str]:
    return [match[1] for text in texts if (match := pattern.fullmatch(text))]


def _load_nft(systemctl: list[str], host: RunningHost) -> None:
    """Checks the file with nft first, whose own error then is shown, not only a failed unit."""
    try:
        host.run(["nft", "--check", "--file", paths.NFT])
    except HostError as error:
        raise HostError(
            f"the nftables table cannot be loaded: {error}. It needs Debian's package nftables, "
            "and a kernel with CONFIG_NF_TABLES_INET"
        ) from error
    host.run([*systemctl, "reload-or-restart", "lvs-nft.service"])


def _load_modules(role: Role, host: RunningHost) -> None:
    modules = needed_modules(role)
    if not modules:
        return
    try:
        host.run(["modprobe", "--all", *modules])
    except HostError as error:
        raise HostError(
            f"the running kernel cannot load {' '.join(modules)}: {error}. Debian's "
            "linux-image-amd64 and linux-image-cloud-amd64 carry them; a kernel of your own needs "
            f"{_KERNEL_OPTIONS[type(role.kind)]}; after an upgrade of the kernel, reboot"
        ) from error
