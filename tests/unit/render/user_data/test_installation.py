"""The cloud-config that installs lvsboot."""

from __future__ import annotations

from typing import Any

import pytest

from lvsboot.render.user_data.installation import (
    AptPackage,
    AptSource,
    DebUrl,
    EmbeddedDeb,
    Installation,
    installation_config,
)
from tests.unit.render.user_data.test_text import content_of

KEY = b"\xc6\x01\xff"
SOURCE = AptSource("https://apt.example.net", "stable", ("main", "extra"))
URL = "https://example.net/lvsboot.deb"


def files_of(config: Any) -> dict[str, bytes]:
    return {entry["path"]: content_of(entry) for entry in config["write_files"]}


def test_a_package_by_name_is_cloud_inits_to_install() -> None:
    config = installation_config(AptPackage("lvsboot"))
    assert config == {"package_update": True, "packages": ["lvsboot"]}
    assert installation_config(AptPackage("a", "1.0"))["packages"] == [["a", "1.0"]]


def test_a_source_is_signed_by_its_own_key() -> None:
    config = installation_config(AptPackage("lvsboot", "", SOURCE, KEY))
    assert files_of(config) == {
        "/etc/apt/keyrings/lvsboot.gpg": KEY,
        "/etc/apt/sources.list.d/lvsboot.sources": (
            b"Types: deb\nURIs: https://apt.example.net\nSuites: stable\n"
            b"Components: main extra\nSigned-By: /etc/apt/keyrings/lvsboot.gpg\n"
        ),
    }
    assert "apt" not in config


def test_a_folder_has_no_components() -> None:
    source = AptSource("https://apt.example.net", "./", ())
    files = files_of(installation_config(AptPackage("lvsboot", "", source, KEY)))
    assert b"Components" not in files["/etc/apt/sources.list.d/lvsboot.sources"]


def test_an_address_is_downloaded_with_its_digest_checked() -> None:
    config = installation_config(DebUrl(URL, "12"))
    [download, install] = config["runcmd"]
    assert download[3:] == [
        "/usr/lib/apt/apt-helper", "download-file", URL, "/run/lvsboot.deb", "SHA256:12",
    ]  # fmt: skip
    assert install[-2:] == ["install", "/run/lvsboot.deb"]
    assert installation_config(DebUrl(URL))["runcmd"][0][-1] == "/run/lvsboot.deb"


def test_an_embedded_package() -> None:
    config = installation_config(EmbeddedDeb(b"\0\1"))
    assert files_of(config) == {"/run/lvsboot.deb": b"\0\1"}
    assert [command[-1] for command in config["runcmd"]] == ["/run/lvsboot.deb"]


@pytest.mark.parametrize("way", [AptPackage("a"), DebUrl(URL), EmbeddedDeb(b"a")])
def test_no_command_can_hang(way: Installation) -> None:
    for command in installation_config(way).get("runcmd", ()):
        assert command[0] == "timeout"
        # In a final stage of which nobody is at the terminal.
        assert "apt-get" not in command or "--yes" in command
