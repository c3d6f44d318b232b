"""The points at which runs were killed are printed at the end."""

from __future__ import annotations

import shutil

import pytest

from tests.crash.points import write_summary


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test has its day: of the three that kill a run at some hundred points, one a day."""
    for number, item in enumerate(items):
        item.add_marker(pytest.mark.turn(day=number % 3))
    if shutil.which("strace") is None or shutil.which("unshare") is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs strace and unshare: apt install strace"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_summary(terminalreporter)
