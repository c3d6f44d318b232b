"""Finds the role's virtual interfaces (VLANs, bonds, bridges) that nothing on the host makes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lvsboot import paths
from lvsboot.host.network.network_files import NetworkFiles
from lvsboot.host.network.networkd import parse_settings
from lvsboot.role.model import Backend, Nic
from lvsboot.role.vlans import own_vlans, parse_vlan

_HOST = Path("/")
_NETWORKD = "systemd-networkd.service"
# Names by which administrators and programs call virtual devices.
_KINDS = (
    ("bond", re.compile(r"bond(\d+|[-_].+)?", re.ASCII)),
    ("bridge", re.compile(r"br(\d+|[-_].+|idge\d*)", re.ASCII)),
    ("vlan", re.compile(r"vlan\d+", re.ASCII)),
    ("dummy", re.compile(r"dummy\d+", re.ASCII)),
    ("vrf", re.compile(r"vrf([-_]?.+)?", re.ASCII)),
    ("vxlan", re.compile(r"vxlan.*", re.ASCII)),
)
_MEMBERS = {"bond": "Bond", "bridge": "Bridge"}


def missing_device_sentences(
    backend: Backend, nics: Collection[Nic], network: NetworkFiles, known: Collection[str]
) -> Iterator[str]:
    """For each of the role's interfaces that nothing makes, which file to write.

    In an image, whose hardware is unknown, only virtual devices' names are checked. `known` are
    paths that lvsboot writes or sets aside: those make no device.
    """
    if backend is Backend.EXTERNAL:
        return
    made = {*own_vlans(nics), *_made(backend, nics, network, frozenset(known))}
    for nic in nics:
        if nic.mac is None and nic.name not in made and not _exists(network, nic.name):
            kind = _kind(nic.name)
            if kind is not None or network.root == _HOST:
                yield _sentence(nic.name, kind, backend, network)


def _exists(network: NetworkFiles, name: str) -> bool:
    return network.root == _HOST and Path(f"/sys/class/net/{name}").exists()


def _kind(name: str) -> str | None:
    """The kind of device that its name suggests, as systemd.netdev(5) calls it."""
    if parse_vlan(name) is not None:
        return "vlan"
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(name)), None)


def _sentence(name: str, kind: str | None, backend: Backend, network: NetworkFiles) -> str:
    file = f"{paths.NETWORKD}/{name}.netdev"
    enabled = "" if _reads_netdev(backend, network) else f", and systemctl enable {_NETWORKD}"
    if kind is None:
        return (
            f"there is no interface {name}, and nothing makes it: name a NIC of this host, say its "
            f"mac, or write {file}{enabled}"
        )
    if backend is Backend.IFUPDOWN and parse_vlan(name) is not None:
        return (
            f"only ifupdown makes {name}, from its name and if its link is there: with any other "
            f"backend write {_netdev(name, kind, file)}"
        )
    return f"nothing makes {name}: write {_netdev(name, kind, file)}{enabled}"


def _netdev(name: str, kind: str, file: str) -> str:
    """The file's settings, and those of the links below: systemd.netdev(5), systemd.network(5)."""
    if vlan := parse_vlan(name):
        what = f"Name={name}, Kind=vlan and Id={vlan.id}"
        link = f"the .network file of {vlan.link}, or name {vlan.link} in the role"
        return f"{file} ({what}), and VLAN={name} into {link}"
    if kind == "vlan":
        what = f"Name={name}, Kind=vlan and its Id="
        return f"{file} ({what}), and VLAN={name} into its link's .network file"
    if kind in _MEMBERS:
        what = f"Name={name}, Kind={kind}"
        return f"{file} ({what}), and {_MEMBERS[kind]}={name} into its members' .network files"
    return f"{file} (Name={name}, Kind={kind})"


def _made(
    backend: Backend, nics: Collection[Nic], network: NetworkFiles, known: frozenset[str]
) -> Iterator[str]:
    """The interfaces that a file below the root makes: a .netdev, netplan's, ifupdown's."""
    names = {nic.name for nic in nics}
    if _reads_netdev(backend, network):
        yield from _netdev_names(network, known)
    for _text, device in network.netplan_devices(known):
        if device is not None:
            yield device.facts.set_name or device.key
    for _text, interfaces in network.ifupdown_files(known):
        for stanza in interfaces.stanzas:
            if not stanza.does_nothing:
                yield stanza.name
            for option in stanza.options:
                # pre-up ip link add bond0 type bond
                yield from names & {*option.words} if "add" in option.words else ()


def _reads_netdev(backend: Backend, network: NetworkFiles) -> bool:
    return backend in {Backend.NETWORKD, Backend.NETPLAN} or network.is_enabled(_NETWORKD)


def _netdev_names(network: NetworkFiles, known: frozenset[str]) -> Iterator[str]:
    for text in network.netdev_files(known):
        settings = [
            setting for setting in parse_settings(text.text or "") if setting.section == "NetDev"
        ]
        yield from [setting.value for setting in settings if setting.key == "Name"][-1:]
