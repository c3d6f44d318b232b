"""Roles and rules made wrong by the number: in their bytes, their words and their structure."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import yaml

from tests.fuzz import seeds

# What is repeated shows work that grows faster than the text does; a plain reading takes a tenth
# of a second.
LARGEST = 64_000
_PARTS: list[str | bytes] = [
    *(bytes([byte]) for byte in range(256)),
    *("\ufeff", "\u202e", "\u2028", "\x85", "\ud7ff", "\U000e0041"),
    *(": ", "- ", "? ", "&a ", "*a", "*a ", "<<: *a", "! ", "!!int ", "| \n", ">-\n", "---\n"),
    *("[", "]", "{", "}", "[" * 70, "{a: " * 70, "- " * 70, '"\\0"', '"\\x1b[2J"', "'", '"', "\t"),
    *("-A ", "-a ", "-t ", "-r ", "-w ", "-M ", "--set ", "-ooooooooo", "-p 2678400", "\\\n", "#"),
    *("0", "-1", "65535", "65536", "2147483648", "9" * 101, "1e999", "0x1f", "0o8", ".5", "no"),
    *("192.0.2.1", "::", "::ffff:192.0.2.1", "fe80::1%eth0", "0.0.0.0/0", "192.0.2.1/33"),
]  # fmt: skip
_TOKENS = re.compile(rb"[A-Za-z0-9_.:/-]+|\s+|.", re.DOTALL)


def mutated(target: str, number: int) -> bytes:
    """The input of this number for the seeds of this name ("roles", "rules")."""
    source = random.Random(f"{target} {number}")  # noqa: S311 - the same at any time
    raw = source.choice(_seeds(target))
    if target == "roles" and source.random() < 0.5:
        raw = _restructured(source, raw)
    for _ in range(source.choice((0, 1, 1, 2, 4))):
        raw = source.choice(_CHANGES)(source, raw, target)
    return raw[:LARGEST]


@cache
def _seeds(target: str) -> Sequence[bytes]:
    return tuple(getattr(seeds, target)())


@cache
def _parts() -> Sequence[bytes]:
    words = [word.encode() for word in seeds.words()]
    return [part if isinstance(part, bytes) else part.encode() for part in _PARTS] + words


def _slice(source: random.Random, raw: bytes) -> tuple[int, int]:
    first = source.randint(0, len(raw))
    return first, min(len(raw), first + source.choice((1, 2, 8, 64, 1_000)))


def _insert(source: random.Random, raw: bytes, _target: str) -> bytes:
    at = source.randint(0, len(raw))
    return raw[:at] + source.choice(_parts()) + raw[at:]


def _delete(source: random.Random, raw: bytes, _target: str) -> bytes:
    first, last = _slice(source, raw)
    return raw[:first] + raw[last:]


def _flip(source: random.Random, raw: bytes, _target: str) -> bytes:
    at = source.randint(0, len(raw))
    return raw[:at] + bytes([source.randrange(256)]) + raw[at + 1 :]


def _repeat(source: random.Random, raw: bytes, _target: str) -> bytes:
    first, last = _slice(source, raw)
    times = source.choice((2, 3, 70, 1_100, 20_000))
    return raw[:first] + (raw[first:last] * times)[:LARGEST] + raw[last:]


def _repeat_line(source: random.Random, raw: bytes, _target: str) -> bytes:
    lines = raw.splitlines(keepends=True) or [b""]
    at = source.randrange(len(lines))
    times = min(source.choice((2, 70, 1_100)), LARGEST // (len(lines[at]) + 1))
    return b"".join([*lines[:at], *[lines[at]] * times, *lines[at + 1 :]])


def _replace_word(source: random.Random, raw: bytes, _target: str) -> bytes:
    tokens = _TOKENS.findall(raw) or [b""]
    tokens[source.randrange(len(tokens))] = source.choice(_parts())
    return b"".join(tokens)


def _swap_words(source: random.Random, raw: bytes, _target: str) -> bytes:
    tokens = _TOKENS.findall(raw) or [b""]
    one, other = source.randrange(len(tokens)), source.randrange(len(tokens))
    tokens[one], tokens[other] = tokens[other], tokens[one]
    return b"".join(tokens)


def _splice(source: random.Random, raw: bytes, target: str) -> bytes:
    other = source.choice(_seeds(target))
    return raw[: source.randint(0, len(raw))] + other[source.randint(0, len(other)) :]


_CHANGES: tuple[Callable[[random.Random, bytes, str], bytes], ...] = (
    _insert,
    _delete,
    _flip,
    _repeat,
    _repeat_line,
    _replace_word,
    _swap_words,
    _splice,
)


def _restructured(source: random.Random, raw: bytes) -> bytes:
    """A role with parts that are gone, elsewhere, or there many times, as aliases or not."""
    try:
        role = yaml.safe_load(raw)
        for _ in range(source.randint(1, 3)):
            _change_part(source, role)
        # PyYAML writes an anchor and aliases where a part is there twice.
        dumper = yaml.SafeDumper if source.random() < 0.5 else _WrittenOut
        return yaml.dump(role, Dumper=dumper, default_flow_style=source.random() < 0.5).encode()
    except (yaml.YAMLError, UnicodeError, ValueError, RecursionError):
        return raw


class _WrittenOut(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _change_part(source: random.Random, role: Any) -> None:
    places = list(_places(role))
    if not places:
        return
    (into, key), (_, other) = source.choice(places), source.choice(places)
    match source.randrange(5):
        case 0:
            del into[key]
        case 1:
            into[key] = source.choice(_parts()).decode("utf-8", "replace")
        case 2:
            around, step = source.choice(places)
            into[key] = copy.deepcopy(around[step])
        case 3 if isinstance(into, list):
            into[key:key] = [into[key]] * source.choice((1, 2, 30))
        case _ if isinstance(into, dict):
            into[other if isinstance(other, str) else "x"] = into[key]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Each mapping or list with each of its keys."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            found += _places(value[key])
    return found
