"""Which modules the running kernel has, or an image's kernels could load. Loads nothing.

The lists are read inside the root, whatever links an image has, and only from regular files.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.install.root_folder import RootFolder

_SYS = Path("/sys/module")
_FOLDERS = ("/usr/lib/modules", "/lib/modules")
# Debian's modules.dep has less than 1 MiB, and its config-VERSION less than 300 KiB.
_MAX_LIST_BYTES = 16 << 20
_MAX_CONFIG_BYTES = 4 << 20


class ModuleState(Enum):
    """Whether a module's code is in the kernel now, could be, or cannot."""

    LOADED = "loaded"
    LOADABLE = "not loaded"
    MISSING = "missing"


class Kernel(NamedTuple):
    """Of the modules that were asked for, those that this kernel has.

    `loadable` is None where modules.dep is not there: depmod(8) has not run.
    """

    version: str
    built_in: frozenset[str]
    loadable: frozenset[str] | None

    @property
    def modules(self) -> frozenset[str] | None:
        return None if self.loadable is None else self.loadable | self.built_in

    def state(self, name: str) -> ModuleState:
        if name in self.built_in:
            return ModuleState.LOADED
        return ModuleState.LOADABLE if name in (self.loadable or ()) else ModuleState.MISSING


class UnreadKernel(NamedTuple):
    """A kernel whose lists cannot be read, and why."""

    version: str
    error: HostError | NotPermittedError


def read_modules(
    names: Iterable[str], *, root: Path = Path("/"), release: str = "", loaded: Path = _SYS
) -> dict[str, ModuleState]:
    """Of the running kernel, whose modules are below `root`. Raises HostError, NotPermittedError.

    The lists are read only where a module is not loaded: one that is built in may lack a folder in
    /sys/module.
    """
    states = {
        name: ModuleState.LOADED if (loaded / name).exists() else ModuleState.MISSING
        for name in names
    }
    absent = [name for name, state in states.items() if state is ModuleState.MISSING]
    if absent:
        with RootFolder(root) as folder:
            kernel = _read_kernel(folder, _FOLDERS[1], release or os.uname().release, absent)
        states |= {name: kernel.state(name) for name in absent}
    return states


def read_kernels(root: RootFolder, names: Collection[str]) -> tuple[Kernel | UnreadKernel, ...]:
    """Each kernel whose modules are below `root`, with those of `names` that it has.

    Raises HostError, NotPermittedError where the folder of all kernels cannot be listed.
    """
    modules = next((path for path in _FOLDERS if root.names(path)), _FOLDERS[0])
    kernels: list[Kernel | UnreadKernel] = []
    for version in root.names(modules):
        try:
            if root.names(f"{modules}/{version}"):
                kernels.append(_read_kernel(root, modules, version, names))
        except (HostError, NotPermittedError) as error:
            kernels.append(UnreadKernel(version, error))
    return tuple(kernels)


def kernel_option(option: str, *, root: Path = Path("/"), release: str = "") -> str | None:
    """`y`, `m` or `n` by the kernel's configuration in /boot; None where that cannot be read."""
    path = f"/boot/config-{release or os.uname().release}"
    try:
        with RootFolder(root) as folder:
            content = folder.read_regular(path, _MAX_CONFIG_BYTES)
    except (HostError, NotPermittedError):
        return None
    if content is None:
        return None
    for line in content.decode("utf-8", "replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name == option:
            return value
    return "n"


def _read_kernel(root: RootFolder, modules: str, version: str, names: Collection[str]) -> Kernel:
    built_in = root.read_regular(f"{modules}/{version}/modules.builtin", _MAX_LIST_BYTES)
    found = _named(built_in or b"", names)
    loadable = root.read_regular(f"{modules}/{version}/modules.dep", _MAX_LIST_BYTES)
    return Kernel(version, found, None if loadable is None else _named(loadable, names))


def _named(content: bytes, names: Collection[str]) -> frozenset[str]:
    """Those of `names` that modules.builtin or modules.dep(5) has, with underscores.

    A line is a path, and behind a colon what the module needs.
    """
    wanted = {name.encode(): name for name in names}
    found = set()
    for line in BytesIO(content):
        file = line.partition(b":")[0].rpartition(b"/")[2]
        name = file.partition(b".ko")[0].replace(b"-", b"_")
        if name in wanted:
            found.add(wanted[name])
    return frozenset(found)
