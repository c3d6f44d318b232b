"""The sysctl.d file: which parameters, in which order, and each value whole."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.install.tree import File
from lvsboot.render.host import render_host
from lvsboot.role.formats import parse_line
from lvsboot.role.model import Backend
from lvsboot.role.reader import decode_role
from tests.unit.render.trees import DIRECTOR, render, text_of


def test_forwarding_comes_first_and_only_for_the_families_that_nat_serves() -> None:
    lines = text_of(render(DIRECTOR), "/etc/sysctl.d/90-lvs.conf").splitlines()[1:]
    assert lines[0] == "net.ipv6.conf.all.forwarding = 1"
    assert not any("ip_forward" in line for line in lines)
    # sysctl.d(5): a dot inside a name is written as a slash.
    assert "net.ipv4.conf.lan0/100.send_redirects = 0" in lines


def test_a_nat_real_server_has_no_vip_and_no_arp_setting() -> None:
    tree = render("version: 1\nreal_server: {method: nat, director: 10.0.0.1}\n")
    assert not any("lvs-vip@" in entry.path and "wants" in entry.path for entry in tree)
    assert "arp" not in text_of(tree, "/etc/sysctl.d/90-lvs.conf")


def test_the_roles_own_sysctls_follow_the_derived_ones() -> None:
    text = "version: 1\nreal_server: {method: dr, vips: [192.0.2.1]}\nsysctl: {net.core.a: 4096}\n"
    assert text_of(render(text), "/etc/sysctl.d/90-lvs.conf").endswith("\nnet.core.a = 4096\n")


def sysctl_text(settings_: dict[str, str]) -> str:
    role = decode_role({"real_server": {"method": "nat"}, "sysctl": settings_})
    [file] = [
        entry
        for entry in render_host(role, "", Backend.EXTERNAL)
        if isinstance(entry, File) and entry.path == "/etc/sysctl.d/90-lvs.conf"
    ]
    return file.text


def is_line(text: str) -> bool:
    try:
        parse_line(text)
    except ValueError:
        return False
    return True


@pytest.mark.native("sysctl")
@given(st.lists(st.text(max_size=12).filter(is_line), min_size=1, max_size=5))
def test_sysctl_reads_each_value_whole(values: list[str]) -> None:
    # Parameters of any kernel; --dry-run writes nothing.
    keys = ("kernel.domainname", "kernel.hostname", "kernel.core_pattern")
    values = values[: len(keys)]
    text = sysctl_text(dict(zip(keys, values, strict=False)))
    argv = ["sysctl", "--dry-run", "--load=-"]
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
    lines = done.stdout.removesuffix("\n").split("\n")
    # Blanks around a value are ignored: sysctl.d(5).
    assert [line.partition(" = ")[2] for line in lines] == [value.strip() for value in values]
