"""`python3 -m bench`, as root on a kernel with IPVS: prints a table in Markdown, in seconds.

BENCH_SIZES=3,2500 takes those sizes only.
"""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path

from bench.rivals import RIVALS, installed, prepare

SIZES = (3, 100, 1_100, 2_500, 11_000, 44_000, 100_000)
# A rival that takes a minute is not asked again, nor for the size beyond.
PATIENCE = 60.0
RUNS = 3


def main() -> None:
    prepare()
    sizes = [int(size) for size in os.environ.get("BENCH_SIZES", "").split(",") if size] or SIZES
    print(f"{_machine()}\n")
    print(f"| rules | {' | '.join(RIVALS)} |")
    print(f"|---|{'---|' * len(RIVALS)}", flush=True)
    tired = {name for name in RIVALS if not installed(name)}
    for size in sizes:
        cells = []
        for name in RIVALS:
            taken = None if name in tired else _median(name, size)
            if taken is not None and taken > PATIENCE:
                tired.add(name)
            cells.append("-" if taken is None else f"{taken:.3f}")
        print(f"| {size} | {' | '.join(cells)} |", flush=True)


def _median(name: str, size: int) -> float:
    """Of as many runs as ten seconds allow, but an odd number."""
    first = RIVALS[name](size)
    runs = max(1, min(RUNS, int(10 / first) | 1))
    return statistics.median([first, *(RIVALS[name](size) for _ in range(runs - 1))])


def _machine() -> str:
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    }
    memory = Path("/proc/meminfo").read_text(encoding="ascii").split()[1]
    return (
        f"{os.cpu_count()} x {', '.join(models)}, {int(memory) >> 10} MiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


main()
