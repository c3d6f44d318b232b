"""The manifest: what lvsboot has written below a root, in /var/lib/lvs/manifest.json.

    {"version": 1,
     "entries": {"/etc/hostname": "0644 <sha256>", "/etc/link": "-> target", "/etc/x": "set aside"},
     "unfinished": {"/etc/hostname": ["0644 <sha256>"]}}

`unfinished` exists during a run and after a killed one: the digests that the run writes in place
of those in `entries`. A version of lvsboot that does not know the key ignores it.
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
    """`entries`: each path's digest, or a link's target behind an arrow.

    `unfinished`: for the paths of unfinished runs, the digests that these were to write.
    """

    entries: Mapping[str, str]
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def digests(self, path: str) -> frozenset[str]:
        """The digests of everything that lvsboot may have written there."""
        entry = (self.entries[path],) if path in self.entries else ()
        return frozenset((*entry, *self.unfinished.get(path, ())))

    def with_changes(self, written: Mapping[str, str], entries: Mapping[str, str]) -> Manifest:
        """The manifest during a run that writes these digests and will end at `entries`."""
        unfinished = {
            path: tuple(
                sorted({*self.unfinished.get(path, ()), *filter(None, [written.get(path)])})
            )
            for path in {*self.unfinished, *written}
        }
        return Manifest({**entries, **self.entries}, unfinished)


def manifest_file(manifest: Manifest) -> File:
    value: dict[str, Any] = {"version": _VERSION, "entries": dict(sorted(manifest.entries.items()))}
    if manifest.unfinished:
        value["unfinished"] = dict(sorted(manifest.unfinished.items()))
    return File(paths.MANIFEST, json.dumps(value, indent=2) + "\n")


def read_manifest(root: Path) -> Manifest:
    """Empty where there is none; HostError for a file that is not lvsboot's manifest."""
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
    foreign = next((path for path in entries if not _is_plain(path)), None)
    if foreign is not None:
        raise HostError(f"{place} names {foreign!a}, which lvsboot never writes; move it away")
    digests = [digest for digests in unfinished.values() for digest in digests]
    if (
        not all(isinstance(digest, str) for digest in digests)
        or not unfinished.keys() <= entries.keys()
    ):
        raise HostError(f"{place} is not lvsboot's manifest; move it away")
    return Manifest(entries, {path: tuple(found) for path, found in unfinished.items()})


def known_paths(root: Path) -> frozenset[str]:
    """Every path that lvsboot has written below `root`, or moved a file away from."""
    return frozenset(read_manifest(root).entries)


def moved_aside(root: Path) -> tuple[str, ...]:
    """The paths from which a file was moved aside for the role in force, sorted."""
    entries = read_manifest(root).entries
    return tuple(sorted(path for path, digest in entries.items() if digest == ASIDE))


def _is_mapping(value: object, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(item, kind) for item in value.values())


def _is_plain(path: str) -> bool:
    """Whether it is absolute and in normal form, as every path that lvsboot writes."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False  # half of a surrogate pair: JSON can express it, a file name cannot
    top, *parts = path.split("/")
    return not top and bool(parts) and not {"", ".", ".."} & {*parts} and "\0" not in path
