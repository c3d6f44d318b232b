"""`python3 -m bench`, as root on a kernel with IPVS: seconds as a table in Markdown, and ratios."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.programs import PROGRAMS, installed, prepare

SIZES = (3, 100, 1_100, 2_500, 11_000, 44_000, 100_000)
# Other work on the machine varies, so each round times all programs.
ROUNDS = 5
# Seconds: a program that has taken so long in all gets no further round, and no size for which it
# would take twice as long.
PATIENCE = 60.0
COMPARED = (
    ("ipvsadm -R", "lvsboot start"),
    ("ipvsadm -C; -R", "lvsboot start, no change"),
    ("ipvsadm -C; -R", "lvsboot start, one weight"),
    ("lvsboot start", "python3 -c 'import json, socket'"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="RULES", default=SIZES)
    parser.add_argument("--without", action="append", choices=PROGRAMS, default=[])
    asked = parser.parse_args()
    prepare()
    print(f"{_machine()}\n")
    print(f"| rules | {' | '.join(PROGRAMS)} |")
    print(f"|---|{'---|' * len(PROGRAMS)}", flush=True)
    names = [name for name in PROGRAMS if installed(name) and name not in asked.without]
    pace: dict[str, float] = {}
    ratios: list[str] = []
    for size in asked.sizes:
        names = [name for name in names if pace.get(name, 0) * size < 2 * PATIENCE]
        taken = _taken(names, size)
        medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
        cells = (f"{medians[name]:.3f}" if name in medians else "-" for name in PROGRAMS)
        print(f"| {size} | {' | '.join(cells)} |", flush=True)
        ratios += _ratios(size, taken)
        pace = {name: seconds / size for name, seconds in medians.items() if size > 1000}
    print("", *ratios, sep="\n")


def _taken(names: Sequence[str], size: int) -> dict[str, list[float]]:
    """Seconds by program, one for each round."""
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, seconds in taken.items():
            if sum(seconds) < PATIENCE:
                seconds.append(PROGRAMS[name](size))
    return taken


def _ratios(size: int, taken: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Median ratios within rounds: other work slows both numbers of a round down."""
    for one, other in COMPARED:
        if one in taken and other in taken:
            rounds = [a / b for a, b in zip(taken[one], taken[other], strict=False)]
            low, middle, high = min(rounds), statistics.median(rounds), max(rounds)
            spread = f"{middle:.2f} ({low:.2f} to {high:.2f})"
            yield f"{size} rules: {one} takes {spread} times as long as {other}"


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
