"""Brings the running network to the backend's files, with the backend's own tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.host.network.interfaces import Stanza, parse_interfaces
from lvsboot.host.network.mtu import names_with_mtu
from lvsboot.install.files import BringBack, Change, read_entry
from lvsboot.install.tree import Entry, File, Tree
from lvsboot.role.model import Role
from lvsboot.role.vlans import parse_vlan
from lvsboot.system.programs import run
from lvsboot.system.textfiles import read_text, remove_file, write_text

_NETWORKD = "systemd-networkd.service"
# What a run that did not get to its end leaves for the next one: its files are written already,
# and by them alone there would be nothing to do.
_PENDING = f"{paths.RUNTIME}/network.json"
# ifdown must take down what ifup brought up, which the new files no longer say.
_FORMER_INTERFACES = f"{paths.RUNTIME}/interfaces.before"
_VIP_COMMAND = ("ip", "address")
_ETHERNET_MTU = "1500"
# ifup leaves a DHCP client behind: it must outlive a session, and be free to do what the sandboxed
# provisioner may not.
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
Before = Mapping[str, Entry | None]
"""What stood at the path of each change before it was made."""


def note_network(changes: Iterable[Change], before: Before) -> None:
    """Keeps what activate_network() has to do until it is done, whatever fails before it."""
    changes = tuple(changes)
    changed = {change.path for change in changes}
    interfaces = sorted(path for path in changed if path.startswith(f"{paths.INTERFACES_D}/"))
    netplan = any(path.startswith(f"{paths.NETPLAN}/") for path in changed)
    networkd = any(_is_networkds(path) for path in changed)
    if not (interfaces or netplan or networkd):
        return
    known = _read_pending()
    former = "".join(_text(before.get(path)) for path in interfaces) if interfaces else None
    back = [change.path for change in changes if isinstance(change, BringBack)]
    with_mtu = {name for path in changed for name in names_with_mtu(path, _text(before.get(path)))}
    pending = {
        # The oldest is what is up.
        "interfaces": known.get("interfaces") if "interfaces" in known else former,
        "brought_back": sorted({*known.get("brought_back", ()), *back} & {*interfaces}),
        "with_mtu": sorted({*known.get("with_mtu", ()), *with_mtu}),
        "netplan": netplan or known.get("netplan", False),
        "networkd": networkd or known.get("networkd", False),
    }
    write_text(_PENDING, json.dumps(pending))


def activate_network(role: Role, tree: Tree, *, block: bool) -> tuple[str, ...]:
    """Does what has been noted; gives what has to wait for a reboot."""
    pending = _read_pending()
    _reset_mtus(pending, tree)
    if pending.get("interfaces") is not None:
        # First: a NIC that leaves ifupdown for networkd must not lose there what it got here.
        _activate_ifupdown(pending["interfaces"], _wanted(tree, pending["brought_back"]))
    if pending.get("netplan"):
        run(["netplan", "generate"])
    if pending.get("netplan") or pending.get("networkd"):
        _activate_networkd(tree, block=block)
    remove_file(_PENDING)
    return tuple(_unnamed(role))


def _read_pending() -> dict[str, Any]:
    """Raises HostError for what is none of ours: what had to be done is not known then."""
    text = read_text(_PENDING)
    try:
        pending = json.loads(text) if text is not None else {}
    except (ValueError, RecursionError):
        pending = None
    if not isinstance(pending, dict) or not all(
        isinstance(value, _PENDING_TYPES.get(key, object)) for key, value in pending.items()
    ):
        raise HostError(
            f"{_PENDING} does not say what an earlier apply had still to do: remove it, apply "
            "again, and restart the network's service"
        )
    return pending


def _reset_mtus(pending: Mapping[str, Any], tree: Tree) -> None:
    """Nobody takes back an MTU that no file names any more, and the kernel remembers no other."""
    theirs = (read_entry(HOST, path) for path in pending.get("brought_back", ()))
    files = [it for it in (*tree, *theirs) if isinstance(it, File)]
    wanted = {name for file in files for name in names_with_mtu(file.path, file.text)}
    for name in pending.get("with_mtu", ()):
        if name not in wanted and _exists(name):
            run(["ip", "link", "set", "dev", name, "mtu", _ETHERNET_MTU])


def _activate_networkd(tree: Tree, *, block: bool) -> None:
    """A reload configures the links whose files changed, and no other: nothing else flaps."""
    try:
        run(["networkctl", "reload"])
    except HostError:
        if not any(_is_networkds(entry.path) or _is_netplans(entry.path) for entry in tree):
            return  # it does not run, and the role has no use for it
        run(["systemctl", *([] if block else ["--no-block"]), "restart", _NETWORKD])


def _is_networkds(path: str) -> bool:
    return path.startswith(f"{paths.NETWORKD}/") and path.endswith(".network")


def _is_netplans(path: str) -> bool:
    return path.startswith(f"{paths.NETPLAN}/")


def _activate_ifupdown(former: str, wanted: str) -> None:
    """Takes NICs down by what brought them up, and up by what is wanted.

    A VIP more or less takes nothing down. What ifup refuses to do leaves the former state up.
    """
    old, new = parse_interfaces(former).stanzas, parse_interfaces(wanted).stanzas
    names = [name for name in _names(new) if _exists(name) or _is_made(name)]
    if names:
        run(["ifup", "--no-act", "--force", *names])
    if old and _without_vips(old) == _without_vips(new):
        _change_vips(old, new)
        return
    if former:
        write_text(_FORMER_INTERFACES, former)
    for name in _names(old):
        _take_down(name)
    for name in names:
        _bring_up(name, is_former=name in _names(old))


def _take_down(name: str) -> None:
    try:
        run([*_OUTSIDE, "ifdown", "--force", "--interfaces", _FORMER_INTERFACES, name])
    except HostError:
        return  # it was down, or half down: what is left of it is flushed before it comes up


def _bring_up(name: str, *, is_former: bool) -> None:
    # ifup adds an address and fails where it is there, as networkd's still is.
    if _exists(name):
        run(["ip", "address", "flush", "dev", name, "scope", "global"])
    try:
        run([*_OUTSIDE, "ifup", name])
    except HostError as error:
        if not is_former:
            raise
        run([*_OUTSIDE, "ifdown", "--force", name])
        run([*_OUTSIDE, "ifup", "--force", "--interfaces", _FORMER_INTERFACES, name])
        raise HostError(f"{error}; {name} is up again as it was before") from error


def _change_vips(old: Iterable[Stanza], new: Iterable[Stanza]) -> None:
    """Those that come before those that go: a VIP that only moves is never nowhere."""
    before, after = _vip_commands(old), _vip_commands(new)
    for name, words in after:
        if words[0] == "up" and (name, words) not in before:
            _run_command(name, words)
    for name, words in before:
        if words[0] == "down" and (name, words) not in after:
            _run_command(name, words)


def _run_command(name: str, words: tuple[str, ...]) -> None:
    run([word.replace("$IFACE", name) for word in words[1:]])


def _vip_commands(stanzas: Iterable[Stanza]) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (stanza.name, line.words)
        for stanza in stanzas
        for line in stanza.options
        if line.words[1:3] == _VIP_COMMAND
    ]


def _without_vips(stanzas: Iterable[Stanza]) -> list[tuple[tuple[str, ...], ...]]:
    return [
        (stanza.head.words, *(it.words for it in stanza.options if it.words[1:3] != _VIP_COMMAND))
        for stanza in stanzas
    ]


def _names(stanzas: Iterable[Stanza]) -> list[str]:
    return list(dict.fromkeys(stanza.name for stanza in stanzas if stanza.name != "lo"))


def _wanted(tree: Tree, brought_back: Iterable[str]) -> str:
    ours = [it for it in tree if isinstance(it, File) and it.path == paths.IFUPDOWN_FILE]
    theirs = [read_entry(HOST, path) for path in sorted(brought_back)]
    return "".join(map(_text, (*ours, *theirs)))


def _text(entry: Entry | None) -> str:
    return entry.text if isinstance(entry, File) else ""


def _exists(name: str) -> bool:
    return Path(f"/sys/class/net/{name}").exists()


def _is_made(name: str) -> bool:
    """Whether ifup makes it: a VLAN of each name with a dot, if its link is there."""
    vlan = parse_vlan(name)
    return vlan is not None and _exists(vlan.link)


def _unnamed(role: Role) -> Iterable[str]:
    for nic in role.nics:
        if nic.mac is not None and not _exists(nic.name):
            yield f"no NIC is named {nic.name} yet: the one with {nic.mac} is, at the next boot"
