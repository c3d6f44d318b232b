"""The DR cluster of the long tests, for each release of Debian, and their figures at the end.

What is marked as `cluster` shares Debian 13's; the rest may run beside it in another process.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.cluster import Cluster, Kind
from lab.image import DEBIAN_13, Distribution
from lab.ways import Baked
from tests.boot.conftest import booting
from tests.matrix.figures import FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Debian 13's, from disks that carry the roles, with every unit that the release ships."""
    with booting(Kind.DR, request, Baked(DEBIAN_13)) as cluster:
        cluster.wait_until_booted()
        yield cluster


@pytest.fixture(scope="module")
def debian_12(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The same of Debian 12; its client is a Debian 13 as everywhere."""
    with booting(Kind.DR, request, Baked(Distribution("bookworm"))) as cluster:
        cluster.wait_until_booted()
        yield cluster
