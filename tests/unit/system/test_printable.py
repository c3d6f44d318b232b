"""What a terminal is given to show."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvsboot.system.printable import printable_line, printable_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eth0 «ünïcode»", "eth0 «ünïcode»"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb\tc\rd\x00", r"a\nb\tc\rd\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\x9b\U000e0041", r"\x9b\U000e0041"),
        (os.fsdecode(b"name\xff"), r"name\xff"),
    ],
)
def test_what_acts_on_a_terminal_is_shown(text: str, shown: str) -> None:
    assert printable_line(text) == shown


def test_a_text_keeps_its_lines() -> None:
    assert printable_text("-\ta\x1bc\r\n+\tb\n") == "-\ta\\x1bc\\r\n+\tb\n"


@given(st.text() | st.binary().map(os.fsdecode))
def test_whatever_it_is_can_be_printed(text: str) -> None:
    assert printable_line(text).isprintable()
    printable_text(text).encode()
    assert len(printable_text(text).splitlines()) <= text.count("\n") + 1
