"""Reads which NICs a netplan file defines. Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import yaml

from lvsboot.host.network.globs import matches_glob

# The keys of network: that hold devices; version and renderer do not.
_DEVICES = {
    "ethernets", "wifis", "modems", "bonds", "bridges", "vlans", "tunnels", "vrfs",
    "dummy-devices", "virtual-ethernets", "nm-devices",
}  # fmt: skip
# Netplan's own keys are a dozen levels deep; deeper nesting may take a parser quadratic time.
_DEPTH = 64
# libyaml compares each with all before it, in quadratic time.
_DIRECTIVES = 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Node: TypeAlias = "yaml.Node | None"


class Scalar(NamedTuple):
    """A scalar and where it stands, counted from 1."""

    value: str
    line: int
    column: int


class Facts(NamedTuple):
    """The parts of a definition that matter here."""

    name: str | None = None
    mac: str | None = None
    set_name: str | None = None
    has_mtu: bool = False
    addresses: tuple[Scalar, ...] = ()


class Definition(NamedTuple):
    """One device: its key and place, and what a `match` says of the NIC behind it."""

    key: str
    line: int
    column: int
    facts: Facts

    def is_for(self, name: str, mac: str | None) -> bool:
        facts = self.facts
        if name == facts.set_name or (
            name == self.key and facts.name is None and facts.mac is None
        ):
            return True
        if facts.mac is not None and facts.mac.lower() == mac:
            return True
        return facts.name is not None and facts.mac is None and matches_glob(name, facts.name)


class Definitions(NamedTuple):
    """`fault` is what keeps the file from being read, and where."""

    devices: tuple[Definition, ...]
    fault: Scalar | None = None


def parse_definitions(text: str) -> Definitions:
    """Never fails: a broken file has a `fault`."""
    if text.count("\n%") > _DIRECTIVES:
        return Definitions((), Scalar("it has too many directives", 1, 1))
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        # At the end of the file it is behind the last line.
        line = min(line, text.count("\n") + 1)
        return Definitions((), Scalar("it is not YAML", line, column))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Definitions((), Scalar("it has a character that YAML refuses", line, 1))
    except _TooDeepError as error:
        return Definitions((), error.place)
    devices: list[Definition] = []
    known: dict[int, Facts] = {}
    for kind, below in _pairs(_child(root, "network")):
        for key, value in _pairs(below) if kind.value in _DEVICES else ():
            # A definition that many aliases repeat is decoded once.
            facts = known[id(value)] if id(value) in known else _facts(value)
            known[id(value)] = facts
            devices.append(Definition(key.value, key.line, key.column, facts))
    return Definitions(tuple(devices))


def _facts(value: _Node) -> Facts:
    match = _child(value, "match")
    return Facts(
        _text(_child(match, "name")),
        _text(_child(match, "macaddress")),
        _text(_child(value, "set-name")),
        _child(value, "mtu") is not None,
        tuple(_addresses(_child(value, "addresses"))),
    )


def _addresses(node: _Node) -> Iterator[Scalar]:
    """Each is a scalar, or the one key of a mapping with its options."""
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        if isinstance(item, yaml.ScalarNode):
            yield _place(item, item.value)
        else:
            yield from (key for key, _value in islice(_pairs(item), 1))


class _TooDeepError(Exception):
    def __init__(self, place: Scalar) -> None:
        super().__init__(place.value)
        self.place = place


def _compose(text: str) -> _Node:
    """The first document, once it is known to be no deeper than a parser can take."""
    depth = 0
    # Closes the parser also where this raises.
    events: Any = yaml.parse(text, _LOADER)
    with closing(events):
        for event in events:
            match event:
                case yaml.DocumentEndEvent():
                    break
                case yaml.CollectionStartEvent():
                    depth += 1
                case yaml.CollectionEndEvent():
                    depth -= 1
            if depth == _DEPTH:
                raise _TooDeepError(_place(event, f"it is nested over {_DEPTH} deep"))
    loader = _LOADER(text)
    try:
        node: _Node = loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()
    return node


def _place(item: yaml.Node | yaml.Event, value: str) -> Scalar:
    mark = item.start_mark
    return Scalar(value, 1, 1) if mark is None else Scalar(value, mark.line + 1, mark.column + 1)


def _pairs(node: _Node) -> Iterator[tuple[Scalar, _Node]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode):
            yield _place(key, key.value), value


def _child(node: _Node, name: str) -> _Node:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: _Node) -> str | None:
    return node.value if isinstance(node, yaml.ScalarNode) else None
