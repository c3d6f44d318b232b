"""Programs that are run: what they print, why they fail, and that a query has an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lvsboot.errors import HostError
from lvsboot.system.programs import query, run


@pytest.mark.parametrize("call", [run, query])
def test_what_a_program_prints(call: Callable[[Sequence[str]], str]) -> None:
    assert call(["printf", "a\\nb"]) == "a\nb"
    script = "head -c 300000 /dev/zero | tr '\\0' x >&2; printf done"
    assert call(["sh", "-c", script]) == "done"


@pytest.mark.parametrize("call", [run, query])
def test_why_one_fails(call: Callable[[Sequence[str]], str]) -> None:
    with pytest.raises(HostError, match="`sh -c echo no >&2; exit 3` failed: no"):
        call(["sh", "-c", "echo no >&2; exit 3"])
    with pytest.raises(HostError, match="failed: exit status 1"):
        call(["false"])
    with pytest.raises(HostError, match="no-such-program is not installed"):
        call(["no-such-program"])


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sleep 100", "has not ended after 0.5 s"),
        ("exec >&- 2>&-; sleep 100", "has not ended after 0.5 s"),
        ("sleep 100 & exit 0", "has not ended after 0.5 s"),
        ("yes", "printed more than 1 MiB"),
        ("yes >&2", "printed more than 1 MiB"),
    ],
)
def test_a_query_has_an_end(script: str, reason: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    late = tmp_path / "late"
    with pytest.raises(HostError, match=f"^`sh -c .*` {reason}$"):
        query(["sh", "-c", f"(sleep 1; touch {late}) & {script}"], seconds=0.5, limit=1 << 20)
    assert time.monotonic() - begun < 10
    time.sleep(1)
    assert not late.exists(), "its children are ended, too"
