"""Brings the running network to the backend's files, with the backend's own tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.host.live_network import flush_global_addresses, set_mtu
from lvsboot.host.network.interfaces import Stanza, parse_interfaces
from lvsboot.host.network.mtu import names_with_mtu
from lvsboot.install.entries import read_entry
from lvsboot.install.files import Change, Restore
from lvsboot.install.tree import Entry, File, Tree
from lvsboot.role.model import Role
from lvsboot.role.vlans import parse_vlan
from lvsboot.system.programs import run
from lvsboot.system.textfiles import read_text, remove_file, write_text

_NETWORKD = "systemd-networkd.service"
_IFUPDOWN = "networking.service"
_VIP_COMMAND = ("ip", "address")
_ETHERNET_MTU = 1500
# ifup starts a DHCP client, which must outlive this process and its sandbox.
_OUTSIDE = (
    "systemd-run",
    "--quiet",
    "--wait",
    "--pipe",
    "--collect",
    "--property=KillMode=process",
)

_PENDING_TYPES: dict[str, type | UnionType] = {
    "interfaces": str | None,
    "brought_back": list,
    "with_mtu": list,
    "netplan": bool,
    "networkd": bool,
}

HOST = Path("/")


class RunningHost(NamedTuple):
    """How an activation runs programs and changes links, and the folder for its notes."""

    run: Callable[[Sequence[str]], str] = run
    set_mtu: Callable[[str, int], None] = set_mtu
    flush_global_addresses: Callable[[str], None] = flush_global_addresses
    links: Path = Path("/sys/class/net")
    runtime: str = paths.RUNTIME

    @property
    def moved(self) -> str:
        """The units that an apply has still to stop."""
        return f"{self.runtime}/moved"

    @property
    def pending(self) -> str:
        """What an unfinished apply has still to do, though its files are written."""
        return f"{self.runtime}/network.json"

    @property
    def former_interfaces(self) -> str:
        """What ifup brought up, for ifdown: the new files no longer say it."""
        return f"{self.runtime}/interfaces.before"

    def exists(self, link: str) -> bool:
        return (self.links / link).exists()


RUNNING = RunningHost()
Before = Mapping[str, Entry | None]
"""What stood at the path of each change before it was made."""


def note_network(changes: Iterable[Change], before: Before, host: RunningHost = RUNNING) -> None:
    """Notes what activate_network() has to do, until it is done."""
    changes = tuple(changes)
    changed = {change.path for change in changes}
    interfaces = sorted(path for path in changed if path.startswith(f"{paths.INTERFACES_D}/"))
    netplan = any(path.startswith(f"{paths.NETPLAN}/") for path in changed)
    networkd = any(_is_networkds(path) for path in changed)
    if not (interfaces or netplan or networkd):
        return
    known = _read_pending(host)
    former = "".join(_text(before.get(path)) for path in interfaces) if interfaces else None
    back = [change.path for change in changes if isinstance(change, Restore)]
    with_mtu = {name for path in changed for name in names_with_mtu(path, _text(before.get(path)))}
    pending = {
        # Keep the copy that an unfinished apply left: ifup used that one.
        "interfaces": known.get("interfaces") if "interfaces" in known else former,
        "brought_back": sorted({*known.get("brought_back", ()), *back} & {*interfaces}),
        "with_mtu": sorted({*known.get("with_mtu", ()), *with_mtu}),
        "netplan": netplan or known.get("netplan", False),
        "networkd": networkd or known.get("networkd", False),
    }
    write_text(host.pending, json.dumps(pending))


def activate_network(
    role: Role,
    tree: Tree,
    *,
    block: bool,
    before_network: bool = False,
    host: RunningHost = RUNNING,
) -> tuple[str, ...]:
    """Does what note_network() noted; returns sentences on what waits for a reboot.

    `before_network`: no NIC is configured yet, so that the service that does it is only started.
    """
    pending = _read_pending(host)
    if before_network:
        _start_network(pending, tree, host)
    else:
        _change_network(pending, tree, host, block=block)
    remove_file(host.pending)
    return tuple(_unnamed(role, host))


def _start_network(pending: Mapping[str, Any], tree: Tree, host: RunningHost) -> None:
    """Queues the start of what reads the files. Netplan's have been read by its generator."""
    paths_in_tree = [entry.path for entry in tree]
    units = []
    if pending.get("interfaces") is not None and paths.IFUPDOWN_FILE in paths_in_tree:
        units.append(_IFUPDOWN)
    if any(_is_networkds(path) or _is_netplans(path) for path in paths_in_tree):
        units.append(_NETWORKD)
    if units:
        host.run(["systemctl", "--no-block", "start", *units])


def _change_network(
    pending: Mapping[str, Any], tree: Tree, host: RunningHost, *, block: bool
) -> None:
    _reset_mtus(pending, tree, host)
    if pending.get("interfaces") is not None:
        # First: ifdown must not take from a NIC what networkd gives it.
        _activate_ifupdown(pending["interfaces"], _wanted(tree, pending["brought_back"]), host)
    if pending.get("netplan"):
        host.run(["netplan", "generate"])
    if pending.get("netplan") or pending.get("networkd"):
        _activate_networkd(tree, host, block=block)


def _read_pending(host: RunningHost) -> dict[str, Any]:
    """Raises HostError for a file that note_network() has not written."""
    text = read_text(host.pending)
    try:
        pending = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError):
        pending = None
    if not isinstance(pending, dict) or not all(
        isinstance(value, _PENDING_TYPES.get(key, object)) for key, value in pending.items()
    ):
        raise HostError(
            f"{host.pending} does not say what an earlier apply had still to do: remove it, apply "
            "again, and restart the network's service"
        )
    return pending


def _reset_mtus(pending: Mapping[str, Any], tree: Tree, host: RunningHost) -> None:
    """No backend resets an MTU that its files no longer name, and the kernel keeps no default."""
    theirs = (read_entry(HOST, path) for path in pending.get("brought_back", ()))
    files = [entry for entry in (*tree, *theirs) if isinstance(entry, File)]
    wanted = {name for file in files for name in names_with_mtu(file.path, file.text)}
    for name in pending.get("with_mtu", ()):
        if name not in wanted:
            host.set_mtu(name, _ETHERNET_MTU)


def _activate_networkd(tree: Tree, host: RunningHost, *, block: bool) -> None:
    """A reload configures the links whose files changed, and no other: nothing else flaps."""
    try:
        host.run(["networkctl", "reload"])
    except HostError:
        if not any(_is_networkds(entry.path) or _is_netplans(entry.path) for entry in tree):
            return  # networkd does not run, and the role does not need it
        host.run(["systemctl", *([] if block else ["--no-block"]), "restart", _NETWORKD])


def _is_networkds(path: str) -> bool:
    return path.startswith(f"{paths.NETWORKD}/") and path.endswith(".network")


def _is_netplans(path: str) -> bool:
    return path.startswith(f"{paths.NETPLAN}/")


def _activate_ifupdown(former: str, wanted: str, host: RunningHost) -> None:
    """Takes NICs down by what brought them up, and up by what is wanted.

    Where only VIPs differ no NIC goes down. What ifup refuses to do leaves the former state up.
    """
    old, new = parse_interfaces(former).stanzas, parse_interfaces(wanted).stanzas
    names = [name for name in _names(new) if host.exists(name) or _is_made(name, host)]
    if names:
        host.run(["ifup", "--no-act", "--force", *names])
    if old and _without_vips(old) == _without_vips(new):
        _change_vips(old, new, host)
        return
    if former:
        write_text(host.former_interfaces, former)
    for name in _names(old):
        _take_down(name, host)
    for name in names:
        _bring_up(name, host, is_former=name in _names(old))


def _take_down(name: str, host: RunningHost) -> None:
    interfaces = ["--interfaces", host.former_interfaces]
    try:
        host.run([*_OUTSIDE, "ifdown", "--force", *interfaces, name])
    except HostError:
        return  # it was down, or in part: _bring_up() flushes the rest


def _bring_up(name: str, host: RunningHost, *, is_former: bool) -> None:
    # ifup adds an address and fails where it is there, as networkd's still is.
    if host.exists(name):
        host.flush_global_addresses(name)
    try:
        host.run([*_OUTSIDE, "ifup", name])
    except HostError as error:
        if not is_former:
            raise
        host.run([*_OUTSIDE, "ifdown", "--force", name])
        host.run([*_OUTSIDE, "ifup", "--force", "--interfaces", host.former_interfaces, name])
        raise HostError(f"{error}; {name} is up again as it was before") from error


def _change_vips(old: Iterable[Stanza], new: Iterable[Stanza], host: RunningHost) -> None:
    """Runs the lines that ifup and ifdown would run, first `up`: a VIP that moves stays up."""
    before, after = _vip_commands(old), _vip_commands(new)
    added = [line for line in after if line not in before and line[1][0] == "up"]
    removed = [line for line in before if line not in after and line[1][0] == "down"]
    for name, words in (*added, *removed):
        host.run([word.replace("$IFACE", name) for word in words[1:]])


def _vip_commands(stanzas: Iterable[Stanza]) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (stanza.name, line.words)
        for stanza in stanzas
        for line in stanza.options
        if line.words[1:3] == _VIP_COMMAND
    ]


def _without_vips(stanzas: Iterable[Stanza]) -> list[tuple[tuple[str, ...], ...]]:
    return [
        (
            stanza.head.words,
            *(option.words for option in stanza.options if option.words[1:3] != _VIP_COMMAND),
        )
        for stanza in stanzas
    ]


def _names(stanzas: Iterable[Stanza]) -> list[str]:
    return list(dict.fromkeys(stanza.name for stanza in stanzas if stanza.name != "lo"))


def _wanted(tree: Tree, brought_back: Iterable[str]) -> str:
    ours = [
        entry for entry in tree if isinstance(entry, File) and entry.path == paths.IFUPDOWN_FILE
    ]
    theirs = [read_entry(HOST, path) for path in sorted(brought_back)]
    return "".join(map(_text, (*ours, *theirs)))


def _text(entry: Entry | None) -> str:
    return entry.text if isinstance(entry, File) else ""


def _is_made(name: str, host: RunningHost) -> bool:
    """Whether ifup makes the interface: a VLAN, by the dot in its name, of a link that exists."""
    vlan = parse_vlan(name)
    return vlan is not None and host.exists(vlan.link)


def _unnamed(role: Role, host: RunningHost) -> Iterable[str]:
    for nic in role.nics:
        if nic.mac is not None and not host.exists(nic.name):
            yield (
                f"{nic.name} does not exist yet: the NIC with {nic.mac} is renamed at the next boot"
            )
