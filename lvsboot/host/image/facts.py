"""Reads what an unpacked image has of a system that boots. Changes nothing, and judges nothing."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.host.image.architecture import HEADER_BYTES, Architecture, parse_architecture
from lvsboot.host.kernel_modules import Kernel, UnreadKernel, read_kernels
from lvsboot.install.root_folder import RootFolder
from lvsboot.system.os_errors import translate_os_errors

# Those that a role's units run, where systemd looks for them (systemd.service(5), ExecSearchPath=).
_PROGRAMS = ("lvsboot", "ip", "ipvsadm", "nft")
_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SYSTEMD = ("/usr/lib/systemd/systemd", "/lib/systemd/systemd")
# The second is D-Bus's copy, from which systemd fills an empty first one (machine-id(5)).
_MACHINE_IDS = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_INSTANCES = "/var/lib/cloud/instances"


class Image(NamedTuple):
    """What is below `root`.

    `unread` has, by path, why a file that only feeds warnings cannot be read.
    `machine_ids` are the files with an id, `instances` the ids of cloud-init's instances; each is
    empty in an image that has never been booted. `kernels` is None where they cannot be listed.
    """

    root: Path
    systemd: str | None
    architecture: Architecture | None
    has_init: bool
    programs: frozenset[str]
    kernels: tuple[Kernel | UnreadKernel, ...] | None
    machine_ids: tuple[str, ...]
    instances: tuple[str, ...]
    has_cloud_init: bool
    unread: Mapping[str, str]

    def place(self, path: str) -> Path:
        """`path` as a user finds it."""
        return self.root / path.lstrip("/")


def read_image(root: Path, modules: Collection[str]) -> Image:
    """Of each kernel's modules only those of `modules`. Raises HostError, NotPermittedError."""
    with RootFolder(root) as folder:
        systemd = next((path for path in _SYSTEMD if folder.exists(path)), None)
        unread: dict[str, str] = {}
        kernels: tuple[Kernel | UnreadKernel, ...] | None = None
        with _noting(unread, "kernels"):
            kernels = read_kernels(folder, modules)
        header, instances = b"", tuple[str, ...]()
        with _noting(unread, systemd or ""):
            header = (folder.read_regular(systemd) if systemd else None) or b""
        with _noting(unread, _INSTANCES):
            instances = folder.names(_INSTANCES)
        machine_ids = []
        for path in _MACHINE_IDS:
            with _noting(unread, path):
                machine_ids += [path] if _holds_id(folder, path) else []
        return Image(
            root=root,
            systemd=systemd,
            architecture=parse_architecture(header[:HEADER_BYTES]),
            has_init=_has_program(folder, "init"),
            programs=frozenset(name for name in _PROGRAMS if _has_program(folder, name)),
            kernels=kernels,
            machine_ids=tuple(machine_ids),
            instances=instances,
            has_cloud_init=_has_program(folder, "cloud-init"),
            unread=unread,
        )


@cache
def own_architecture() -> Architecture | None:
    """The architecture that this lvsboot runs on."""
    with translate_os_errors("read", sys.executable), Path(sys.executable).open("rb") as program:
        return parse_architecture(program.read(HEADER_BYTES))


def is_booted() -> bool:
    """Whether systemd has booted this root, and not only a shell in a chroot: sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


@contextmanager
def _noting(unread: dict[str, str], what: str) -> Iterator[None]:
    """Adds the error to `unread` where `what`, which only feeds warnings, cannot be read."""
    try:
        yield
    except (HostError, NotPermittedError) as error:
        unread[what] = str(error)


def _has_program(folder: RootFolder, name: str) -> bool:
    return any(folder.exists(f"{directory}/{name}") for directory in _PATH)


def _holds_id(folder: RootFolder, path: str) -> bool:
    """Whether the file has an id; systemd does not follow a link of D-Bus's."""
    if path != _MACHINE_IDS[0] and folder.link_target(path) is not None:
        return False
    text = folder.read_regular(path) or b""
    return text.strip() not in {b"", b"uninitialized"}
