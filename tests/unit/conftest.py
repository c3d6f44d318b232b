"""Tests that ask the programs which will read what lvsboot writes, and hosts that lack them."""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips; where LVSBOOT_NATIVE is set, a gap is a failure: `make compat` has them all."""
    for mark in item.iter_markers("native"):
        missing = [name for name in mark.args if shutil.which(name) is None]
        if missing and not os.environ.get("LVSBOOT_NATIVE"):
            pytest.skip(f"needs {', '.join(missing)}: make compat has it")
        assert missing == []
