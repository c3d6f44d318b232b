"""How the director and the real servers of a cluster come by lvsboot, and by their roles."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab import image
from lab.image import DEBIAN_13, Distribution
from lab.machines import seed_volume
from lab.paths import LVSBOOT
from lab.repository import Repository, Source
from lab.shell import run


@dataclass(frozen=True, slots=True)
class Boot:
    """What a machine boots from: the fields of vm.Machine that differ from way to way."""

    image: image.Image
    seed: Path | None = None
    web_port: int | None = None
    kernel_words: tuple[str, ...] = ()
    credential: tuple[str, ...] = ()
    writable: bool = True


class Way(Protocol):
    @property
    def label(self) -> str:
        """Ends the names of the clusters' folders."""

    def prepare(self, role: Path, folder: Path) -> Boot:
        """The host of this role; `folder` is for its files."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """cloud-init's seed has the role, and the image has lvsboot: from its package or its wheel."""

    by_wheel: bool = False
    label: str = ""

    def prepare(self, role: Path, folder: Path) -> Boot:
        return Boot(image.installed(by_wheel=self.by_wheel), seed=_seed(role, folder))


@dataclass(frozen=True, slots=True)
class Stock:
    """cloud-init's seed has the role, and installs lvsboot into an image that lacks it.

    `hosts` has the release of each host's image, and where its package comes from.
    """

    hosts: Mapping[str, tuple[Distribution, Source]]
    repository: Repository
    label: str = "-stock"

    def prepare(self, role: Path, folder: Path) -> Boot:
        distribution, source = self.hosts[role.stem]
        return Boot(
            image.stock(distribution),
            seed=_seed(role, folder, *source.options(self.repository)),
            web_port=self.repository.port,
        )


@dataclass(frozen=True, slots=True)
class Baked:
    """The role is written into each host's image; there is no cloud-init."""

    distribution: Distribution = DEBIAN_13

    @property
    def label(self) -> str:
        return f"-{self.distribution.suite}"

    def prepare(self, role: Path, folder: Path) -> Boot:
        del folder
        return Boot(image.baked(role, self.distribution))


@dataclass(frozen=True, slots=True)
class ByCredential:
    """The role comes by SMBIOS to one image for all; Debian 13's director has a read-only root."""

    distribution: Distribution = DEBIAN_13

    @property
    def label(self) -> str:
        return f"-credential-{self.distribution.suite}"

    def prepare(self, role: Path, folder: Path) -> Boot:
        # Debian 12's systemd cannot start a service with a private /dev where /tmp is read-only.
        is_sealed = role.stem == "director" and self.distribution == DEBIAN_13
        return Boot(
            image.waiting(self.distribution),
            # /var is in memory then.
            kernel_words=("ro", "systemd.volatile=state") if is_sealed else (),
            credential=_credential(role, folder),
            writable=not is_sealed,
        )


def _credential(role: Path, folder: Path) -> tuple[str, ...]:
    """QEMU's SMBIOS arguments, from the words of the line that lvsboot prints for them."""
    said = run([LVSBOOT, "credential", role, "-o", folder / f"{role.stem}.smbios"])
    [words] = [line for line in said.splitlines() if line.startswith("-smbios ")]
    return tuple(shlex.split(words))


def _seed(role: Path, folder: Path, *options: str | Path) -> Path:
    files = folder / f"{role.stem}.seed"
    files.mkdir()
    run([LVSBOOT, "cloud-init", role, "-o", files, *options])
    return seed_volume(files)
