"""One DR cluster for all long proofs, and their figures at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster import Cluster, Kind
from tests.boot.conftest import booting
from tests.matrix.figures import FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with booting(Kind.DR, request, baked=True) as cluster:
        cluster.wait_until_booted()
        yield cluster
