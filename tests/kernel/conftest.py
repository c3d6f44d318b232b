"""Three hosts for all tests, and how deep the properties dig."""

from __future__ import annotations

import compileall
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.crash.points import write_summary
from tests.kernel.generator import LETTERS, USED
from tests.kernel.hosts import CLEAR, Host

settings.register_profile(
    "kernel",
    deadline=None,
    max_examples=int(os.environ.get("LVSBOOT_EXAMPLES", "25")),
    suppress_health_check=[HealthCheck.too_slow],
    # A seed does not shrink to a simpler one.
    phases=[Phase.explicit, Phase.generate],
    derandomize="LVSBOOT_EXAMPLES" not in os.environ,
    print_blob=True,
)
settings.load_profile("kernel")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() != 0 or not Path("/proc/sys/net/ipv4/vs").exists():
        skip = pytest.mark.skip(reason="needs root and a kernel with IPVS: make kernel")
        for item in items:
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The options that were written; none may be left out. And where runs were killed."""
    write_summary(terminalreporter)
    if USED:
        terminalreporter.section("ipvsadm's options in the generated rules")
        counts = ", ".join(f"{name} {USED[name]}" for name in LETTERS)
        terminalreporter.write_line(counts)


@pytest.fixture(scope="session")
def hosts() -> Iterator[dict[str, Host]]:
    # As an installation would have it; the checkout would be compiled by every process anew.
    compileall.compile_dir("lvsboot", quiet=1)
    made = {name: Host(name) for name in ("ipvsadm", "lvsboot", "copy")}
    yield made
    for host in made.values():
        host.remove()


@pytest.fixture
def host(hosts: dict[str, Host]) -> Host:
    """The one on which lvsboot runs, with an empty table."""
    hosts["lvsboot"].restore(CLEAR)
    return hosts["lvsboot"]
