"""The files and links that a host should have: types only, files.py installs them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """`path` is absolute as the host sees it; `text` is written as UTF-8."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Link:
    path: str
    target: str


@dataclass(frozen=True, slots=True)
class MovedAside:
    """A file at `path` is moved aside, and goes back when a later tree has no such entry.

    With `for_good` it does not go back.
    """

    path: str
    for_good: bool = False


Entry = File | Link
Tree = tuple[Entry | MovedAside, ...]
