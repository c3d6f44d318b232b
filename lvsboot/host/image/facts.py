"""Reads what an unpacked image has of a system that boots. Changes nothing, and judges nothing."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lvsboot.host.image.architecture import HEADER_BYTES, Architecture, parse_architecture
from lvsboot.install.root_folder import RootFolder
from lvsboot.system.os_errors import translate_os_errors

# Those that a role's units run, where systemd looks for them (systemd.service(5), ExecSearchPath=).
_PROGRAMS = ("lvsboot", "ip", "ipvsadm", "nft")
_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")
_MODULES = ("/usr/lib/modules", "/lib/modules")
# The second is D-Bus's copy, from which systemd fills an empty first one (machine-id(5)).
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_INSTANCES = "/var/lib/cloud/instances"


class Kernel(NamedTuple):
    """`modules` with underscores in their names, built-in ones too; None: depmod has not run."""

    version: str
    modules: frozenset[str] | None


class Image(NamedTuple):
    """What is below `root`.

    `machine_ids` are the files with an id, `instances` the ids of cloud-init's instances; each is
    empty in an image that has never been booted.
    """

    root: Path
    systemd: str | None
    architecture: Architecture | None
    has_init: bool
    programs: frozenset[str]
    kernels: tuple[Kernel, ...]
    machine_ids: tuple[str, ...]
    instances: tuple[str, ...]
    has_cloud_init: bool

    def place(self, path: str) -> Path:
        """`path` as a user finds it."""
        return self.root / path.lstrip("/")


def read_image(root: Path) -> Image:
    """Raises HostError, NotPermittedError."""
    with RootFolder(root) as folder:
        systemd = next((path for path in _SYSTEMD if folder.exists(path)), None)
        header = folder.read_regular(systemd) if systemd else None
        return Image(
            root=root,
            systemd=systemd,
            architecture=parse_architecture((header or b"")[:HEADER_BYTES]),
            has_init=_has_program(folder, "init"),
            programs=frozenset(name for name in _PROGRAMS if _has_program(folder, name)),
            kernels=_kernels(folder),
            machine_ids=tuple(path for path in _MACHINE_IDS if _holds_id(folder, path)),
            instances=folder.names(_INSTANCES),
            has_cloud_init=_has_program(folder, "cloud-init"),
        )


@cache
def own_architecture() -> Architecture | None:
    """The architecture that this lvsboot runs on."""
    with translate_os_errors("read", sys.executable), Path(sys.executable).open("rb") as program:
        return parse_architecture(program.read(HEADER_BYTES))


def is_booted() -> bool:
    """Whether systemd has booted this root, and not only a shell in a chroot: sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def _has_program(folder: RootFolder, name: str) -> bool:
    return any(folder.exists(f"{directory}/{name}") for directory in _PATH)


def _kernels(folder: RootFolder) -> tuple[Kernel, ...]:
    modules = next((path for path in _MODULES if folder.names(path)), _MODULES[0])
    versions = (name for name in folder.names(modules) if folder.names(f"{modules}/{name}"))
    return tuple(_kernel(folder, modules, version) for version in versions)


def _kernel(folder: RootFolder, modules: str, version: str) -> Kernel:
    lists = [
        folder.read_regular(f"{modules}/{version}/{name}")
        for name in ("modules.dep", "modules.builtin")
    ]
    if lists[0] is None:
        return Kernel(version, None)
    lines = (
        line for text in lists for line in (text or b"").decode("utf-8", "replace").split("\n")
    )
    # A line is a path, and behind a colon what the module needs: modules.dep(5).
    files = (line.partition(":")[0].rpartition("/")[2] for line in lines)
    names = (file.partition(".ko")[0].replace("-", "_") for file in files)
    return Kernel(version, frozenset(name for name in names if name))


def _holds_id(folder: RootFolder, path: str) -> bool:
    """Whether the file has an id; systemd does not follow a link of D-Bus's."""
    if path != _MACHINE_IDS[0] and folder.link_target(path) is not None:
        return False
    text = folder.read_regular(path) or b""
    return text.strip() not in {b"", b"uninitialized"}
