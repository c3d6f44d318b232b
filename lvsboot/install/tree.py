"""The files and links that a host should have: types only, files.py installs them."""

from __future__ import annotations

from typing import NamedTuple


class File(NamedTuple):
    """`path` is absolute as the host sees it; `text` is written as UTF-8."""

    path: str
    text: str
    mode: int = 0o644


class Link(NamedTuple):
    path: str
    target: str


class MovedAside(NamedTuple):
    """A file at `path` is moved aside, and goes back when a later tree has no such entry.

    With `for_good` it does not go back.
    """

    path: str
    for_good: bool = False


Entry = File | Link
Tree = tuple[Entry | MovedAside, ...]
