"""What lvsboot has written below a root, as /var/lib/lvs/manifest.json keeps it.

    {"version": 1,
     "entries": {"/etc/hostname": "0644 <sha256>", "/etc/link": "-> target", "/etc/x": "set aside"},
     "unfinished": {"/etc/hostname": ["0644 <sha256>"]}}

`unfinished` is there while a run is at work, or was when it was killed: what that run puts in the
place of what `entries` says. A lvsboot that does not know the key reads the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lvsboot import paths
from lvsboot.errors import HostError
from lvsboot.install.root_folder import RootFolder
from lvsboot.install.tree import File

ASIDE = "set aside"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """`entries`: path to the digest of what we wrote there; a link's is its target, arrow first.

    `unfinished`: for the paths that killed runs were to write, the digests of what they wrote.
    """

    entries: Mapping[str, str]
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def digests(self, path: str) -> frozenset[str]:
        """Of all that may stand there and is ours."""
        entry = {self.entries[path]} if path in self.entries else set()
        return frozenset({*entry, *self.unfinished.get(path, ())})

    def with_changes(self, written: Mapping[str, str], entries: Mapping[str, str]) -> Manifest:
        """As it is to be while a run writes what has these digests, and will end at `entries`."""
        unfinished = {
            path: tuple(sorted({*self.unfinished.get(path, ()), *_one(written.get(path))}))
            for path in {*self.unfinished, *written}
        }
        return Manifest({**entries, **self.entries}, unfinished)


def _one(digest: str | None) -> tuple[str, ...]:
    return () if digest is None else (digest,)


def manifest_file(manifest: Manifest) -> File:
    value: dict[str, Any] = {"version": _VERSION, "entries": dict(sorted(manifest.entries.items()))}
    if manifest.unfinished:
        value["unfinished"] = dict(sorted(manifest.unfinished.items()))
    return File(paths.MANIFEST, json.dumps(value, indent=2) + "\n")


def read_manifest(root: Path) -> Manifest:
    """Empty where there is none; raises HostError for what is none of ours."""
    with RootFolder(root) as folder:
        place = folder.place(paths.MANIFEST)
        if (target := folder.link_target(paths.MANIFEST)) is not None:
            raise HostError(f"{place} is a link to {target}: move it away")
        content = folder.read_regular(paths.MANIFEST)
    if content is None:
        return Manifest({})
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else error
        raise HostError(f"{place} is not lvsboot's manifest ({reason}); move it away") from error
    if not isinstance(value, dict) or type(value.get("version")) is not int:
        raise HostError(f"{place} is not lvsboot's manifest; move it away")
    if value["version"] != _VERSION:
        raise HostError(f"{place} was written by another version of lvsboot; move it away")
    entries: Any = value.get("entries")
    unfinished: Any = value.get("unfinished", {})
    if not _is_mapping(entries, str) or not _is_mapping(unfinished, list):
        raise HostError(f"{place} is not lvsboot's manifest; move it away")
    strange = next((path for path in entries if not _is_plain(path)), None)
    if strange is not None:
        raise HostError(f"{place} names {strange!a}, which lvsboot never writes; move it away")
    digests = [digest for digests in unfinished.values() for digest in digests]
    if not all(isinstance(it, str) for it in digests) or not unfinished.keys() <= entries.keys():
        raise HostError(f"{place} is not lvsboot's manifest; move it away")
    return Manifest(entries, {path: tuple(it) for path, it in unfinished.items()})


def _is_mapping(value: object, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(it, kind) for it in value.values())


def _is_plain(path: str) -> bool:
    """Whether it names a file below a root, in the one way that lvsboot does."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False  # half a character, which JSON can write and no name can have
    top, *parts = path.split("/")
    return not top and bool(parts) and not {"", ".", ".."} & {*parts} and "\0" not in path
