"""Reads which NICs a netplan file defines. Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import yaml

# What stands below these is a device; below the others (version, renderer) it is not.
_DEVICES = {
    "ethernets", "wifis", "modems", "bonds", "bridges", "vlans", "tunnels", "vrfs",
    "dummy-devices", "virtual-ethernets", "nm-devices",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """One device: its key and place, and what a `match` says of the NIC behind it."""

    key: str
    line: int
    column: int
    name: str | None = None
    mac: str | None = None
    set_name: str | None = None

    def is_for(self, name: str, mac: str | None) -> bool:
        if name in {self.set_name, self.key if self.name is None and self.mac is None else None}:
            return True
        if self.mac is not None and self.mac.lower() == mac:
            return True
        return self.name is not None and self.mac is None and fnmatchcase(name, self.name)


@dataclass(frozen=True, slots=True)
class Definitions:
    devices: tuple[Definition, ...]
    renderer: str | None


def parse_definitions(text: str) -> Definitions:
    """Never fails: netplan says itself what is wrong with a file."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return Definitions((), None)
    network = _child(root, "network")
    devices: list[Definition] = []
    for kind, below in _pairs(network):
        if kind.value in _DEVICES:
            devices += (_definition(key, value) for key, value in _pairs(below))
    return Definitions(tuple(devices), _text(_child(network, "renderer")))


def _definition(key: yaml.ScalarNode, value: yaml.Node) -> Definition:
    match = _child(value, "match")
    return Definition(
        key.value,
        key.start_mark.line + 1,
        key.start_mark.column + 1,
        _text(_child(match, "name")),
        _text(_child(match, "macaddress")),
        _text(_child(value, "set-name")),
    )


def _pairs(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: yaml.Node | None) -> str | None:
    return node.value if isinstance(node, yaml.ScalarNode) else None
