"""User-data, apply, an image and a credential write the same files, byte for byte."""

from __future__ import annotations

import gzip
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from lvsboot import paths
from lvsboot.commands import desired, provision, roles
from lvsboot.commands.provision import BootPaths, Provisioner
from lvsboot.errors import Exit
from lvsboot.role.reader import parse_role
from tests.golden import REPOSITORY
from tests.images import complete_image, put
from tests.unit.cli.test_cli import lvsboot

Write = Callable[[Path, Path], None]


@pytest.fixture
def on_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Path], None]:
    """Makes a folder the host whose files an apply writes; there is no running system to change."""

    def begin(root: Path) -> None:
        for module in (roles, desired):
            monkeypatch.setattr(module, "HOST", root)
        for name in ("FILES_LOCK", "TABLE_LOCK"):
            monkeypatch.setattr(paths, name, str(tmp_path / name))
        monkeypatch.setattr(roles, "note_changes", lambda *_: None)
        monkeypatch.setattr(roles, "activate", lambda *_, **_options: ())

    return begin


def provisioner(root: Path, credentials: Path | None = None) -> Provisioner:
    """A boot's, whose records stay in their places below the root."""
    boot = BootPaths()
    places = BootPaths(*(str(root / path.lstrip("/")) for path in boot))
    return Provisioner(
        host_name="localhost",
        credentials=None if credentials is None else str(credentials),
        log=print,
        places=places,
    )


def by_user_data(role: Path, root: Path) -> None:
    done = lvsboot("cloud-init", role, "-o", role.parent / "seed")
    assert done.returncode == Exit.DONE
    for file in yaml.safe_load((role.parent / "seed/user-data").read_bytes())["write_files"]:
        content: bytes = file["content"].encode()
        if file.get("encoding") == "gz+b64":
            content = gzip.decompress(b64decode(content))
        place = put(root, file["path"].lstrip("/"), content)
        place.chmod(int(file["permissions"], 8))
    assert provisioner(root).after_cloud_init() is not None


def by_apply(role: Path, root: Path) -> None:
    del root
    role_file = parse_role(role.read_bytes(), str(role))
    roles.apply(role_file, block=True, allow_removal=True)


def by_credential(role: Path, root: Path) -> None:
    string = role.parent / "smbios"
    assert lvsboot("credential", role, "-o", string).returncode == Exit.DONE
    name, _, value = string.read_bytes().partition(b"=")
    assert name == f"io.systemd.credential.binary:{paths.CREDENTIAL}".encode()
    put(role.parent, f"credentials/{paths.CREDENTIAL}", b64decode(value))
    assert provisioner(root, role.parent / "credentials").before_network() is not None


def contents(root: Path) -> dict[str, tuple[int, str | bytes]]:
    """Mode, and content or target, of all files and links by their paths."""
    return {
        str(place.relative_to(root)): (
            place.lstat().st_mode,
            str(place.readlink()) if place.is_symlink() else place.read_bytes(),
        )
        for place in root.rglob("*")
        if place.is_symlink() or place.is_file()
    }


@pytest.mark.parametrize("backend", ["networkd", "netplan", "ifupdown", "external"])
@pytest.mark.parametrize("example", ["dr/director", "dr/rs1", "nat/director", "tun/rs1"])
def test_every_way_writes_the_same(
    tmp_path: Path,
    on_host: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    example: str,
    backend: str,
) -> None:
    text = (REPOSITORY / f"examples/{example}.yaml").read_text(encoding="utf-8")
    role = put(
        tmp_path, "role.yaml", text.replace("network:\n", f"network:\n  backend: {backend}\n", 1)
    )
    role.chmod(0o644)
    image = make_root(tmp_path / "image")
    done = lvsboot("render", role, "--root", image, "--strict")
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    wanted = contents(image)
    monkeypatch.setattr(desired, "missing_addresses", lambda *_: ())
    monkeypatch.setattr(desired, "size_sentence", lambda *_: None)
    ways: dict[str, Write] = {
        "user-data": by_user_data,
        "apply": by_apply,
        "credential": by_credential,
    }
    for name, write in ways.items():
        root = make_root(tmp_path / name)
        on_host(root)
        write(role, root)
        found = contents(root)
        # What a boot notes for itself.
        for note in (paths.CREDENTIAL_DIGEST, paths.RUNNING_HOSTNAME):
            found.pop(note.lstrip("/"), None)
        assert found == wanted, name


def make_root(root: Path) -> Path:
    complete_image(root)
    for program in ("lib/systemd/systemd-networkd", "sbin/netplan", "sbin/ifup"):
        put(root, f"usr/{program}")
    put(root, "etc/network/interfaces", "source /etc/network/interfaces.d/*\n")
    return root


def test_the_provisioner_applies_as_the_verb_does() -> None:
    """The control of the test above: it has no other way to write a role."""
    assert BootPaths() == provision._BOOT
    assert Provisioner._field_defaults["apply"] is roles.apply
