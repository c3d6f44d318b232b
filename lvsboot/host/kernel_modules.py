"""Which modules the running kernel has, or an image's kernels could load. Loads nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

_SYS = Path("/sys/module")


class ModuleState(Enum):
    """Whether a module's code is in the kernel now, could be, or cannot."""

    LOADED = "loaded"
    LOADABLE = "not loaded"
    MISSING = "missing"


def read_modules(
    names: Iterable[str], *, root: Path = Path("/"), release: str = "", loaded: Path = _SYS
) -> dict[str, ModuleState]:
    """Of the running kernel, whose modules are below `root`."""
    folder = root / "lib/modules" / (release or os.uname().release)
    built_in, loadable = _named(folder / "modules.builtin"), _named(folder / "modules.dep")
    states = {}
    for name in names:
        if (loaded / name).exists() or name in built_in:
            states[name] = ModuleState.LOADED
        else:
            states[name] = ModuleState.LOADABLE if name in loadable else ModuleState.MISSING
    return states


def image_modules(names: Iterable[str], root: Path) -> dict[str, dict[str, ModuleState]]:
    """By release, for each kernel whose modules are below `root`."""
    names = tuple(names)
    folder = root / "lib/modules"
    releases = sorted(place.name for place in folder.iterdir()) if folder.is_dir() else []
    nowhere = Path("/nonexistent")
    return {
        release: read_modules(names, root=root, release=release, loaded=nowhere)
        for release in releases
    }


def kernel_option(option: str, *, root: Path = Path("/"), release: str = "") -> str | None:
    """`y`, `m` or `n` by the kernel's configuration in /boot; None where that is not there."""
    place = root / "boot" / f"config-{release or os.uname().release}"
    try:
        text = place.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name == option:
            return value
    return "n"


def _named(place: Path) -> set[str]:
    """The modules of modules.builtin or modules.dep(5), by their names as the kernel has them."""
    try:
        text = place.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return set(_module_names(text))


def _module_names(text: str) -> Iterator[str]:
    for line in text.splitlines():
        file = line.partition(":")[0].rpartition("/")[2]
        yield file.partition(".ko")[0].replace("-", "_")
