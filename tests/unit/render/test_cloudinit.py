"""The seed, read back with a YAML parser as cloud-init reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.render.cloudinit import (
    render_seed,
    render_user_data,
    seed_warnings,
    user_data_warnings,
)
from lvsboot.render.user_data.installation import (
    AptPackage,
    AptSource,
    DebUrl,
    EmbeddedDeb,
    Installation,
)
from lvsboot.role.reader import decode_role, parse_role
from tests.golden import REPOSITORY
from tests.unit.render.user_data.test_text import content_of

ROLE = """\
version: 1
hostname: dir1
network:
  interfaces:
    lan0:
      mac: "52:54:00:12:34:AB"
      addresses: [172.16.14.10/16, "2001:db8::10/64"]
      dhcp: ipv6
      gateway: 172.16.0.1
      gateway6: "2001:db8::1"
      gateway_on_link: true
      nameservers: [172.16.0.2]
      search: [example.net]
      routes: [{to: 10.0.0.0/8, via: 172.16.0.3}]
      mtu: 1400
      required: false
director:
  method: dr
  vips: [{address: 172.16.14.1, interface: lan0}]
  services: []
"""


def seed(text: str) -> dict[str, str]:
    role = parse_role(text.encode(), "role.yaml").role
    return {file.path: file.text for file in render_seed(role, text)}


def network(text: str) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(seed(text)["network-config"])
    return value


def test_user_data_carries_the_role_byte_for_byte() -> None:
    text = seed(ROLE)["user-data"]
    assert text.startswith("#cloud-config\n")
    [file] = yaml.safe_load(text)["write_files"]
    assert (file["path"], file["permissions"]) == ("/etc/lvs/role.yaml", "0644")
    assert content_of(file).decode() == ROLE


def test_a_short_role_can_be_read_in_the_seed() -> None:
    text = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"
    assert "  content: |\n    version: 1\n" in seed(text)["user-data"]


@pytest.mark.parametrize("text", [ROLE.rstrip("\n"), ROLE + "\n\n", ROLE + "# caf\u00e9 \t\n"])
def test_any_last_line_and_any_letter(text: str) -> None:
    [file] = yaml.safe_load(seed(text)["user-data"])["write_files"]
    assert content_of(file).decode() == text


def test_the_seed_runs_no_command() -> None:
    assert not yaml.safe_load(seed(ROLE)["user-data"]).keys() & {"runcmd", "bootcmd"}


def test_a_new_role_is_a_new_instance() -> None:
    first, second = seed(ROLE)["meta-data"], seed(ROLE + "# changed\n")["meta-data"]
    assert yaml.safe_load(first)["local-hostname"] == "dir1"
    assert yaml.safe_load(first)["instance-id"] != yaml.safe_load(second)["instance-id"]


def test_what_is_installed_with_the_role_is_part_of_the_instance() -> None:
    role = parse_role(ROLE.encode(), "role.yaml").role
    ids = set()
    for way in (None, AptPackage("lvsboot"), AptPackage("lvsboot", "2")):
        text = None if way is None else render_user_data(role, ROLE, way)
        ids.add(render_seed(role, ROLE, text)[1].text)
    assert len(ids) == 3
    assert seed(ROLE)["meta-data"] in ids


def test_the_role_stands_before_what_installs_lvsboot() -> None:
    role = parse_role(ROLE.encode(), "role.yaml").role
    value = yaml.safe_load(render_user_data(role, ROLE, EmbeddedDeb(b"\0" * 99)))
    assert [file["path"] for file in value["write_files"]] == [
        "/etc/lvs/role.yaml", "/run/lvsboot.deb",
    ]  # fmt: skip
    assert list(value) == ["hostname", "write_files", "package_update", "runcmd"]


@pytest.mark.native("cloud-init")
@pytest.mark.parametrize(
    "way",
    [
        AptPackage(
            "lvsboot", "1.0", AptSource("https://apt.example.net", "./", ()), b"\x99\x01\xff"
        ),
        DebUrl("https://example.net/lvsboot.deb"),
        EmbeddedDeb(b"\0" * 99),
    ],
    ids=["a repository", "an address", "embedded"],
)
def test_cloud_inits_schema_accepts_it(way: Installation, tmp_path: Path) -> None:
    role = parse_role(ROLE.encode(), "role.yaml").role
    place = tmp_path / "user-data"
    place.write_text(render_user_data(role, ROLE, way), encoding="utf-8")
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", place], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_nics_that_user_data_cannot_configure_get_a_warning() -> None:
    for text, number in (
        (ROLE, 1),
        (ROLE.replace("network:\n", "network:\n  backend: netplan\n"), 0),
        ("version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n", 0),
    ):
        role = parse_role(text.encode(), "role.yaml").role
        assert len(list(user_data_warnings(role))) == number


def test_network_config_has_every_host_address_and_no_vip() -> None:
    assert network(ROLE) == {
        "version": 2,
        "ethernets": {
            "lan0": {
                "match": {"macaddress": "52:54:00:12:34:ab"},
                "set-name": "lan0",
                "dhcp4": False,
                "dhcp6": True,
                "addresses": ["172.16.14.10/16", "2001:db8::10/64"],
                "routes": [
                    {"to": "0.0.0.0/0", "via": "172.16.0.1", "on-link": True},
                    {"to": "::/0", "via": "2001:db8::1", "on-link": True},
                    {"to": "10.0.0.0/8", "via": "172.16.0.3", "on-link": True},
                ],
                "nameservers": {"search": ["example.net"], "addresses": ["172.16.0.2"]},
                "mtu": 1400,
                "optional": True,
            }
        },
    }


def test_gateways_off_the_link_get_a_warning_where_cloud_init_writes() -> None:
    role = parse_role(ROLE.encode(), "role.yaml").role
    [sentence] = seed_warnings(role)
    assert "gateways of lan0" in sentence
    for other in (
        ROLE.replace("gateway_on_link: true", "gateway_on_link: false"),
        ROLE.replace("network:\n", "network:\n  backend: ifupdown\n"),
    ):
        assert list(seed_warnings(parse_role(other.encode(), "role.yaml").role)) == []


def test_a_role_without_nics_leaves_them_to_the_platform() -> None:
    text = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\n"
    assert "network-config" not in seed(text)


def test_every_example_fits_into_ec2s_user_data() -> None:
    for place in Path(REPOSITORY / "examples").rglob("*.yaml"):
        assert len(seed(place.read_text())["user-data"].encode()) < 16_384, place


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60))
def test_cloud_config_carries_any_role_file(comment: str) -> None:
    role = decode_role({"hostname": "rs1", "real_server": {"method": "nat"}})
    files = {file.path: file.text for file in render_seed(role, comment)}
    head, _, body = files["user-data"].partition("\n")
    assert head == "#cloud-config"
    [written] = [
        it for it in yaml.safe_load(body)["write_files"] if it["path"] == "/etc/lvs/role.yaml"
    ]
    assert content_of(written).decode() == comment
