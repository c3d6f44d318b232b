"""The DR cluster of the long proofs, for each release of Debian, and their figures at the end.

Each file says by its xdist_group what it may not run beside: what shares a cluster is one group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.cluster import Cluster, Kind
from lab.image import DEBIAN_13, Distribution
from tests.boot.conftest import booting
from tests.matrix.figures import FIGURES


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker's figures travel with its results."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["figures"] = FIGURES


def pytest_testnodedown(node: Any) -> None:
    FIGURES.extend(getattr(node, "workeroutput", {}).get("figures", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Debian 13's, from disks that carry the roles, with every unit that the release ships."""
    with booting(Kind.DR, request, baked=DEBIAN_13) as cluster:
        cluster.wait_until_booted()
        yield cluster


@pytest.fixture(scope="module")
def debian_12(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The same of Debian 12; its client is a Debian 13 as everywhere."""
    with booting(Kind.DR, request, baked=Distribution("bookworm")) as cluster:
        cluster.wait_until_booted()
        yield cluster
