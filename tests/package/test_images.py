"""The recipes among the examples write the same image, for a user without privileges."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import image
from lab.paths import EXAMPLES, REPO
from lab.shell import run, run_as_root

USER = "lvsboot-image"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ROLE = EXAMPLES / "dr/director.yaml"
DOCUMENT = REPO / "docs/image.md"
HOOK, FINALIZE = EXAMPLES / "images/mmdebstrap-hook", EXAMPLES / "images/mkosi.finalize"


@dataclass(frozen=True, slots=True)
class Builder:
    """A user without privileges, and a folder of that user's."""

    home: Path

    def run(self, script: str, **environment: str | Path) -> None:
        """A script of the shell, as this user."""
        words = [
            "env",
            "-i",
            f"HOME={self.home}",
            "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        words += [f"{name}={value}" for name, value in environment.items()]
        if os.geteuid() == 0:
            words = ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", *words]
        run([*words, "sh", "-euc", f"cd {self.home}; {script}"])

    def take(self, place: Path, name: str | None = None) -> Path:
        """A copy that this user may read."""
        copy = self.home / (name or place.name)
        shutil.copy(place, copy)
        copy.chmod(place.stat().st_mode | 0o444)
        return copy


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Whoever runs the tests; where that is root a user with subordinate ids, made for it."""
    if os.geteuid() != 0:
        yield Builder(tmp_path_factory.mktemp("builder"))
        return
    subprocess.run(["userdel", "--remove", USER], capture_output=True, check=False)
    run(["useradd", "--create-home", USER])
    try:
        yield Builder(Path("~" + USER).expanduser())
    finally:
        run(["userdel", "--remove", USER])


@pytest.fixture(scope="module")
def base(builder: Builder) -> Path:
    """The lab's Debian as a tar without device nodes, which only root can make."""
    folder = builder.home / "base"
    folder.mkdir()
    tree = image.unpack_base(folder)
    tar = builder.home / "base.tar"
    run_as_root(["tar", "-C", tree, "-cf", tar, "."])
    run_as_root(["rm", "-r", tree])
    tar.chmod(0o644)
    return tar


@pytest.fixture(scope="module")
def hooked(builder: Builder, base: Path) -> dict[str, str]:
    """The image that mmdebstrap makes by the command of docs/image.md."""
    for place in (ROLE, HOOK):
        builder.take(place)
    builder.take(image.package(), "lvsboot.deb")
    text = DOCUMENT.read_text(encoding="utf-8").replace("\\\n", " ")
    [command] = re.findall(r"^\$ (.* mmdebstrap .*)$", text, re.MULTILINE)
    # The lab's Debian in place of a mirror's.
    command = re.sub(r" --include=\S+", "", command)
    offline = (
        "mmdebstrap --mode=unshare --variant=custom --skip=update,cleanup/apt "
        """--setup-hook='tar -C "$1" -xf base.tar'"""
    )
    builder.run(command.replace("mmdebstrap", offline, 1))
    return contents(builder.home / "image.tar")


@pytest.fixture(scope="module")
def finalized(builder: Builder, base: Path) -> dict[str, str]:
    """The same by mkosi.finalize, in a user namespace, with the variables that mkosi(1) names."""
    builder.take(FINALIZE)
    builder.take(ROLE, "role.yaml")
    builder.take(image.package(), "lvsboot.deb")
    # The host's lvsboot: the package over the host's own libraries.
    program = builder.home / "bin/lvsboot"
    program.parent.mkdir()
    modules = builder.home / "host/usr/lib/python3/dist-packages"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={modules} exec /usr/bin/python3 -m lvsboot "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    # The namespace's root is another user than the builder.
    shared = builder.home / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    steps = (
        "mkdir shared/root",
        "tar -C shared/root -xf base.tar",
        "cp lvsboot.deb shared/root",
        "chroot shared/root dpkg --install /lvsboot.deb",
        "rm shared/root/lvsboot.deb",
        "export BUILDROOT=$PWD/shared/root SRCDIR=$PWD",
        "./mkosi.finalize build",
        "test ! -e shared/root/etc/lvs/role.yaml",
        "./mkosi.finalize final",
        "tar -C shared/root -cf shared/finalized.tar .",
        "rm -r shared/root",
    )
    script = shlex.quote("; ".join(steps))
    builder.run(
        "dpkg-deb --extract lvsboot.deb host; "
        f"PATH=$PWD/bin:$PATH mmdebstrap --unshare-helper sh -euc {script}",
        ARCHITECTURE="x86-64",
    )
    return contents(shared / "finalized.tar")


def contents(tar: Path) -> dict[str, str]:
    """Owner, mode and content or target of all below /etc and /var/lib/lvs, by path."""
    folder = tar.with_suffix("")
    folder.mkdir()
    run_as_root(["tar", "-C", folder, "-xf", tar, "./etc", "./var/lib/lvs"])
    script = (
        f"cd {folder} && find . -type f -printf '%p %U:%G:%m ' -exec sh -c "
        "'sha256sum <\"$1\"' sh {} ';' -o -type l -printf '%p -> %l\\n'"
    )
    lines = run_as_root(["sh", "-c", script]).splitlines()
    return dict(line.split(" ", 1) for line in lines)


def test_the_hook_writes_the_role(hooked: dict[str, str]) -> None:
    assert hooked["./etc/lvs/role.yaml"].startswith("0:0:644 ")
    assert hooked["./etc/lvs/role.yaml"] == hooked["./var/lib/lvs/role.yaml"]
    assert "./var/lib/lvs/lock" not in hooked
    enabled = "./etc/systemd/system/sysinit.target.wants/lvs.service"
    assert hooked[enabled] == "-> /usr/lib/systemd/system/lvs.service"


def test_both_write_the_same(hooked: dict[str, str], finalized: dict[str, str]) -> None:
    """But for what mmdebstrap itself changes."""
    ours = {path for path in hooked | finalized if "lvs" in path or "/systemd/" in path}
    assert len(ours) > 10
    assert {path: hooked.get(path) for path in ours} == {path: finalized.get(path) for path in ours}
