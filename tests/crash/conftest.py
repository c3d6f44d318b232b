"""The points at which runs were killed are printed at the end."""

from __future__ import annotations

import shutil

import pytest

from tests.crash.points import write_summary


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if shutil.which("strace") is None or shutil.which("unshare") is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs strace and unshare: apt install strace"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_summary(terminalreporter)
