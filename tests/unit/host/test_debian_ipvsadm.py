"""Debian's own ipvsadm service: seen, said, and masked where a director is applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvsboot.errors import Exit
from lvsboot.host.debian_ipvsadm import boot_sentence
from tests.unit.cli.test_cli import lvsboot
from tests.unit.commands.test_plan import EXAMPLES, image

__all__ = ["image"]

# As Debian 12's package has it.
SETTINGS = """\
# ipvsadm

# if you want to start ipvsadm on boot set this to true
AUTO="false"

# daemon method (none|master|backup)
DAEMON="none"

# use interface (eth0,eth1...)
IFACE="eth0"

# syncid to use
# (0 means no filtering of syncids happen, that is the default)
# SYNCID="0"
"""
EMPTY = "# ipvsadm.rules\n"
RULES = EMPTY + "-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 192.0.2.2:80 -g -w 1\n"


@pytest.mark.parametrize(
    ("settings", "rules", "said"),
    [
        (None, None, None),
        (SETTINGS, RULES, None),
        (SETTINGS.replace("false", "true"), EMPTY, "would empty the table"),
        (SETTINGS.replace('"false"', "true"), RULES, "lvsboot import /etc/ipvsadm.rules >"),
        (SETTINGS.replace('"none"', "'both'  # two"), EMPTY, "would start a sync daemon ("),
    ],
)
def test_what_it_would_do(settings: str | None, rules: str | None, said: str | None) -> None:
    sentence = boot_sentence(settings, rules)
    assert sentence is None if said is None else said in str(sentence)


def test_a_director_masks_it_and_a_real_server_brings_it_back(image: Path) -> None:
    for path, text in (
        ("etc/init.d/ipvsadm", "#!/bin/sh\n"),
        ("etc/default/ipvsadm", SETTINGS.replace("false", "true")),
        ("etc/ipvsadm.rules", RULES),
    ):
        (image / path).parent.mkdir(exist_ok=True)
        (image / path).write_text(text, encoding="utf-8")
    mask = image / "etc/systemd/system/ipvsadm.service"
    director, server = EXAMPLES / "dr/director.yaml", EXAMPLES / "dr/rs1.yaml"
    planned = lvsboot("plan", director, "--root", image)
    assert b"ipvsadm.service would empty the table" in planned.stderr
    assert b"\n+ /etc/systemd/system/ipvsadm.service -> /dev/null\n" in planned.stdout
    lvsboot("render", director, "--root", image)
    assert str(mask.readlink()) == "/dev/null"
    assert b"ipvsadm" not in lvsboot("plan", director, "--root", image).stderr
    lvsboot("render", server, "--root", image)
    assert not mask.is_symlink()


def test_its_rules_become_a_role_by_the_command_that_is_named() -> None:
    """What its init script saves, its first line among it."""
    done = lvsboot("import", "-", stdin=RULES.encode())
    assert (done.returncode, done.stderr) == (Exit.DONE, b"")
    assert b"192.0.2.2" in done.stdout
