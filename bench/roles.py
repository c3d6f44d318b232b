"""`python -m bench.roles`: what reading and rendering role files costs, beside PyYAML's own.

Processor time and peak memory of whole processes, each a median of several runs; what counts are
the ratios, which one run compares. Needs no privileges and no virtual machine. Ends with status 1
where an aim is missed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SERVICES = 1_000
REAL_SERVERS = 20
SMALL_ROLES = 1_000
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
EXAMPLES = Path(__file__).parent.parent / "examples"
SMALL_ROLE = EXAMPLES / "nat" / "rs1.yaml"

_LOAD = "import sys, yaml; yaml.load(open(sys.argv[1], 'rb'), yaml.CSafeLoader)"
_COMPOSE = "import sys, yaml; yaml.compose(open(sys.argv[1], 'rb'), yaml.CSafeLoader)"
_IMPORT = "import jsonschema"
_BARE = "import sys"


class Cost(NamedTuple):
    """Of one process: processor time in seconds, peak resident memory in MiB."""

    seconds: float
    memory: float


class Ratio(NamedTuple):
    name: str
    value: float
    aim: float


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        role = Path(folder) / "role.yaml"
        role.write_text(large_role(), encoding="utf-8")
        costs = _costs(role, Path(folder) / "root")
    size = f"{SERVICES:,} services of {REAL_SERVERS} real servers"
    print(f"A role with {size}; medians of {RUNS} runs.\n")
    print("| | processor time | peak memory |\n|---|---|---|")
    for name, cost in costs.items():
        print(f"| {name} | {cost.seconds:.2f} s | {cost.memory:.0f} MiB |")
    small = small_roles_median()
    print(
        f"\n{SMALL_ROLES:,} small roles, read and rendered in one process: {small:.2f} ms each.\n"
    )
    ratios = _ratios(costs, small)
    print("| | measured | aim |\n|---|---|---|")
    for ratio in ratios:
        print(f"| {ratio.name} | {ratio.value:.2f} | at most {ratio.aim:g} |")
    return int(any(ratio.value > ratio.aim for ratio in ratios))


def large_role() -> str:
    """Block style, as a person or a template would write it."""
    return "".join(_large_lines())


def _large_lines() -> Iterator[str]:
    yield "version: 1\nnetwork:\n  backend: external\n  interfaces:\n"
    yield "    lan0: {addresses: [10.0.0.1/8, 192.168.255.254/16]}\n"
    yield "director:\n  method: dr\n  vips:\n"
    for i in range(SERVICES):
        yield f"    - {{address: {_vip(i)}, interface: lan0}}\n"
    yield "  services:\n"
    for i in range(SERVICES):
        yield f"    - vip: {_vip(i)}\n      port: 80\n      scheduler: wlc\n      real_servers:\n"
        for j in range(REAL_SERVERS):
            yield f"        - {{address: 10.{j + 1}.{i // 250}.{i % 250 + 1}, weight: {j + 1}}}\n"


def _vip(number: int) -> str:
    return f"192.168.{number // 250}.{number % 250 + 1}"


def _costs(role: Path, folder: Path) -> dict[str, Cost]:
    runs = [_costs_once(role, folder / f"root-{i}") for i in range(RUNS)]
    return {
        name: Cost(
            statistics.median(run[name].seconds for run in runs),
            statistics.median(run[name].memory for run in runs),
        )
        for name in runs[0]
    }


def _costs_once(role: Path, root: Path) -> dict[str, Cost]:
    """One command after the other, so that a noisy minute is every command's."""
    root.mkdir(parents=True)
    lvsboot = [sys.executable, "-m", "lvsboot"]
    return {
        "python3, doing nothing": _run([sys.executable, "-c", _BARE]),
        "PyYAML's C loader: load": _run([sys.executable, "-c", _LOAD, str(role)]),
        "PyYAML's C loader: compose": _run([sys.executable, "-c", _COMPOSE, str(role)]),
        "import jsonschema": _run([sys.executable, "-c", _IMPORT]),
        "lvsboot validate, a small role": _run([*lvsboot, "validate", str(SMALL_ROLE)]),
        "lvsboot validate": _run([*lvsboot, "validate", str(role)]),
        "lvsboot render, into an empty root": _run(
            [*lvsboot, "render", str(role), "--root", str(root)]
        ),
    }


def _run(argv: Sequence[str]) -> Cost:
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(argv, stdout=nowhere)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(argv)}: status {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def small_roles_median() -> float:
    """Milliseconds of processor time for reading and rendering one of the examples."""
    from lvsboot.render.host import render_host  # noqa: PLC0415
    from lvsboot.role.model import Backend  # noqa: PLC0415
    from lvsboot.role.reader import parse_role  # noqa: PLC0415

    texts = [place.read_bytes() for place in sorted(EXAMPLES.rglob("*.yaml"))]
    times = []
    for i in range(SMALL_ROLES):
        start = time.process_time()
        role_file = parse_role(texts[i % len(texts)], "role.yaml")
        render_host(role_file.role, role_file.text, Backend.NETWORKD)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def _ratios(costs: dict[str, Cost], small: float) -> list[Ratio]:
    load, compose = costs["PyYAML's C loader: load"], costs["PyYAML's C loader: compose"]
    validate, render = costs["lvsboot validate"], costs["lvsboot render, into an empty root"]
    bare, imported = costs["python3, doing nothing"], costs["import jsonschema"]
    validate_small = costs["lvsboot validate, a small role"]
    return [
        Ratio("validate / load, time", validate.seconds / load.seconds, 4),
        Ratio("validate / compose, memory", validate.memory / compose.memory, 2),
        Ratio("render / validate, time", render.seconds / validate.seconds, 2),
        Ratio("a small role, ms", small, 5),
        Ratio(
            "validate a small role / import jsonschema, time",
            (validate_small.seconds - bare.seconds) / (imported.seconds - bare.seconds),
            3,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
