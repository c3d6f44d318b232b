"""The files and links that a host should have. Types only: files.py brings a root to them."""

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
class Absence:
    """Nothing may stand at `path`: what does is set aside, until a tree no longer says so.

    What is set aside `for_good` does not come back by itself.
    """

    path: str
    for_good: bool = False


Entry = File | Link
Tree = tuple[Entry | Absence, ...]
