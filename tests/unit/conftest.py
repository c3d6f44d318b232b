"""Settings of the unit tests, and tests that ask programs which a host may lack."""

from __future__ import annotations

import gc
import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

# A few random examples of each property; `make matrix` asks for more.
settings.register_profile(
    "unit",
    deadline=None,
    max_examples=int(os.environ.get("LVSBOOT_EXAMPLES", "10")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collected tests live until the end: the garbage collector need not visit them again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips; where LVSBOOT_NATIVE is set, a gap is a failure: `make compat` has them all."""
    for mark in item.iter_markers("native"):
        missing = [name for name in mark.args if shutil.which(name) is None]
        if missing and not os.environ.get("LVSBOOT_NATIVE"):
            pytest.skip(f"needs {', '.join(missing)}: make compat has it")
        assert missing == []
