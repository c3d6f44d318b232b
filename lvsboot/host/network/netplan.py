"""Reads which NICs a netplan file defines. Pure; knows no role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Definition:
    """One device: its key and place, and what a `match` says of the NIC behind it."""

    key: str
    line: int
    column: int
    facts: Facts

    @property
    def set_name(self) -> str | None:
        return self.facts.set_name

    def is_for(self, name: str, mac: str | None) -> bool:
        facts = self.facts
        if name == facts.set_name or (
            name == self.key and facts.name is None and facts.mac is None
        ):
            return True
        if facts.mac is not None and facts.mac.lower() == mac:
            return True
        return facts.name is not None and facts.mac is None and matches_glob(name, facts.name)


@dataclass(frozen=True, slots=True)
class Definitions:
    """`fault` is what keeps the file from being read, and where."""

    devices: tuple[Definition, ...]
    renderer: str | None
    fault: Scalar | None = None


def parse_definitions(text: str) -> Definitions:
    """Never fails: a broken file has a `fault`."""
    if text.count("\n%") > _DIRECTIVES:
        return Definitions((), None, Scalar("it has too many directives", 1, 1))
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        # At the end of the file it is behind the last line.
        line = min(line, text.count("\n") + 1)
        return Definitions((), None, Scalar("it is not YAML", line, column))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Definitions((), None, Scalar("it has a character that YAML refuses", line, 1))
    except _TooDeepError as error:
        return Definitions((), None, error.place)
    network = _child(root, "network")
    devices: list[Definition] = []
    known: dict[int, Facts] = {}
    for kind, below in _pairs(network):
        for key, value in _pairs(below) if kind.value in _DEVICES else ():
            # A definition that many aliases repeat is decoded once.
            facts = known[id(value)] if id(value) in known else _facts(value)
            known[id(value)] = facts
            devices.append(Definition(key.value, key.line, key.column, facts))
    return Definitions(tuple(devices), _text(_child(network, "renderer")))


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
    for item in node.items if isinstance(node, _Collection) else ():
        if isinstance(item, Scalar):
            yield item
        else:
            yield from (key for key, _value in islice(_pairs(item), 1))


@dataclass(slots=True)
class _Collection:
    """A mapping's keys and values in turn, or a sequence's items."""

    is_mapping: bool
    items: list[_Node] = field(default_factory=list)


_Node: TypeAlias = "Scalar | _Collection | None"


class _TooDeepError(Exception):
    def __init__(self, place: Scalar) -> None:
        super().__init__(place.value)
        self.place = place


def _compose(text: str) -> _Node:
    """The first document, from events: yaml.compose() recurses once per level of nesting."""
    root = _Collection(is_mapping=False)
    open_ones = [root]
    anchors: dict[str | None, _Node] = {}
    # Closes the parser also where this raises.
    events: Any = yaml.parse(text, _LOADER)
    with closing(events):
        for event in events:
            match event:
                case yaml.DocumentEndEvent():
                    break
                case yaml.CollectionEndEvent():
                    open_ones.pop()
                case yaml.AliasEvent():
                    open_ones[-1].items.append(anchors.get(event.anchor))
                case yaml.ScalarEvent() | yaml.CollectionStartEvent():
                    node = _node(event)
                    open_ones[-1].items.append(node)
                    anchors[event.anchor] = node
                    if isinstance(node, _Collection):
                        open_ones.append(node)
                    if len(open_ones) > _DEPTH:
                        place = _place(event)._replace(value=f"it is nested over {_DEPTH} deep")
                        raise _TooDeepError(place)
    return root.items[0] if root.items else None


def _node(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Scalar | _Collection:
    if isinstance(event, yaml.ScalarEvent):
        return _place(event)._replace(value=event.value)
    return _Collection(isinstance(event, yaml.MappingStartEvent))


def _place(event: yaml.Event) -> Scalar:
    mark = event.start_mark
    return Scalar("", 1, 1) if mark is None else Scalar("", mark.line + 1, mark.column + 1)


def _pairs(node: _Node) -> Iterator[tuple[Scalar, _Node]]:
    if isinstance(node, _Collection) and node.is_mapping:
        for key, value in zip(node.items[::2], node.items[1::2], strict=False):
            if isinstance(key, Scalar):
                yield key, value


def _child(node: _Node, name: str) -> _Node:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: _Node) -> str | None:
    return node.value if isinstance(node, Scalar) else None
