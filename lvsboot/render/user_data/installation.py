"""The cloud-config by which a host that lacks lvsboot installs it. Pure.

A repository's key and source are files of their own, not cloud-init's `apt` key, which needs gnupg
in the image. cloud-init installs packages by name (25.1 refuses a file's path), so that a .deb is
installed by commands, each of which ends by itself. The package's postinst queues the provisioner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lvsboot import paths
from lvsboot.render.user_data.text import Command, file_entry

_APT_HELPER = "/usr/lib/apt/apt-helper"


@dataclass(frozen=True, slots=True)
class AptSource:
    """A repository: components are those of a suite; a suite that ends in / is a folder."""

    uri: str
    suite: str
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AptPackage:
    """A package by name, from `source` and what the image already has.

    `key` is the source's, a binary keyring.
    """

    name: str
    version: str = ""
    source: AptSource | None = None
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class DebUrl:
    """A .deb to download; `sha256` as hexadecimal digits, or empty."""

    url: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class EmbeddedDeb:
    content: bytes


Installation = AptPackage | DebUrl | EmbeddedDeb


def installation_config(installation: Installation) -> Mapping[str, Any]:
    """The cloud-config keys that install lvsboot: `packages`, `write_files` and `runcmd`."""
    update = {"package_update": True}
    match installation:
        case AptPackage(name, version, source, key):
            package: Any = [name, version] if version else name
            files = {"write_files": _source_files(source, key)} if source else {}
            return {**files, **update, "packages": [package]}
        case DebUrl(url, sha256):
            digest = [f"SHA256:{sha256}"] if sha256 else []
            words = (_APT_HELPER, "download-file", url, paths.DEB, *digest)
            download = _limited(300, *words)
            return {**update, "runcmd": [download, _install_deb()]}
        case EmbeddedDeb(content):
            files = {"write_files": [file_entry(paths.DEB, content)]}
            return {**files, **update, "runcmd": [_install_deb()]}


def _source_files(source: AptSource, key: bytes) -> list[dict[str, Any]]:
    fields = {
        "Types": "deb",
        "URIs": source.uri,
        "Suites": source.suite,
        "Components": " ".join(source.components),
        "Signed-By": paths.APT_KEY,
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return [file_entry(paths.APT_KEY, key), file_entry(paths.APT_SOURCE, text)]


def _install_deb() -> Command:
    """apt-get takes the package's dependencies from the image's own sources."""
    options = ("--option=DPkg::Lock::Timeout=300", "--option=Dpkg::Options::=--force-confold")
    command = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", *options)
    return _limited(900, *command, "install", paths.DEB)


def _limited(seconds: int, *words: str) -> Command:
    """A command that timeout(1) ends when it takes longer."""
    return Command(["timeout", "--kill-after=30", str(seconds), *words])
