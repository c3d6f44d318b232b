"""The unit tests that ask systemd, nft and sysctl, where all of these are there."""

from __future__ import annotations

import pytest

from lab import kernel
from lab.paths import REPO


def test_none_is_skipped_for_want_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small VM of Debian 13; its kernel's IPVS is not asked."""
    places = sorted((REPO / "tests" / "unit").glob("test_*.py"))
    files = [it.relative_to(REPO) for it in places if "mark.native(" in it.read_text("utf-8")]
    assert len(files) > 2
    monkeypatch.setenv("LVSBOOT_NATIVE", "1")
    assert kernel.run_pytest(["-m", "native", *map(str, files)]) == 0
