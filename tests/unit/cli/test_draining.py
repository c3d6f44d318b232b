"""The words of drain, undrain and weight, and whose name a drain gets."""

from __future__ import annotations

import os
import pwd

import pytest

from lvsboot.cli import draining
from lvsboot.cli.parser import parse
from lvsboot.errors import Exit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("1d", 86400)],
)
def test_times(text: str, seconds: int) -> None:
    assert parse(["drain", "10.0.0.1", "--wait", text]).wait == seconds


def test_services_may_be_repeated() -> None:
    typed = ["weight", "10.0.0.1", "5", "--service", "192.0.2.1:80", "--service", "fwmark:1"]
    arguments = parse(typed)
    assert (arguments.weight, arguments.service) == (5, ["192.0.2.1:80", "fwmark:1"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("drain 10.0.0.1 --wait soon", "'soon' is no time such as 90s, 10m or 2h"),
        ("drain 10.0.0.1 --wait -1", "is no time"),
        ("weight 10.0.0.1 many", "'many' is no weight: 0 to 2147483647"),
        ("weight 10.0.0.1 2147483648", "is no weight"),
        ("weight 10.0.0.1", "required: N"),
        ("undrain", "required: RIP"),
    ],
)
def test_wrong_words(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse(typed.split())
    assert left.value.code == Exit.USAGE
    assert said in capsys.readouterr().err


def test_a_drain_is_of_sudos_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ann")
    assert draining._person() == "ann"


def test_without_a_session_it_is_of_the_processs_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_session() -> str:
        raise OSError

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(os, "getlogin", no_session)
    assert draining._person() == pwd.getpwuid(os.getuid()).pw_name
