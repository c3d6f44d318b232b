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


Entry = File | Link
Tree = tuple[Entry, ...]
