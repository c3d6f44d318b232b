"""What lvsboot answers to what ipvsadm's users type first, and to words that are no verbs."""

from __future__ import annotations

import pytest

from lvsboot.cli.parser import verb_groups
from lvsboot.errors import Exit
from tests.unit.cli.test_cli import lvsboot

TABLE = "`lvsboot status` shows the table"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("-L -n", f"-L is not an option: {TABLE}"),
        ("-Ln", f"-Ln is not an option: {TABLE}"),
        ("-L -t 192.0.2.1:80", f"-L is not an option: {TABLE}"),
        ("--list", f"--list is not an option: {TABLE}"),
        ("list", f"'list' is not a verb: {TABLE}"),
        ("show", f"'show' is not a verb: {TABLE}"),
        ("-Sn", "-Sn is not an option: `lvsboot save --output -` prints the table"),
        ("-v", "-v is not an option: did you mean '--version'?"),
        ("version", "'version' is not a verb: did you mean '--version'?"),
        ("-A -t 192.0.2.1:80", "-A is not an option: see --help"),
        ("-C", "-C is not an option: `systemctl stop lvs` removes our services"),
        ("statsu", "'statsu' is not a verb: did you mean 'status'?"),
    ],
)
def test_where_it_is(typed: str, hint: str) -> None:
    done = lvsboot(*typed.split())
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert hint in done.stderr.decode().splitlines()[-1]


@pytest.mark.parametrize("word", ["version", "provison", "provisions", "revision"])
def test_no_typing_error_leads_to_the_verb_that_applies_a_role_at_once(word: str) -> None:
    assert b"'provision'" not in lvsboot(word).stderr


def test_help_is_a_word_too() -> None:
    assert lvsboot("help") == lvsboot("--help")
    assert lvsboot("help").returncode == Exit.DONE
    assert lvsboot("help", "drain") == lvsboot("drain", "--help")


def test_no_verb_is_named_help_or_version() -> None:
    verbs = {name for verbs in verb_groups().values() for name in verbs}
    assert not {"help", "version", "list", "show"} & verbs
