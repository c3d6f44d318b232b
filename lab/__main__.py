"""What the Makefile calls: `python -m lab image`, `kernel`, `compat`, `bench` and `demo`."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from lab import compat, demo, image, kernel
from lab.cluster import Kind
from lab.shell import LabError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    show = verbs.add_parser("demo", help="boot a cluster and send requests through it")
    show.add_argument("cluster", type=Kind, choices=list(Kind), metavar="dr|nat")
    show.add_argument("--requests", type=int, default=1000, metavar="N")
    show.add_argument("--keep", action="store_true", help="leave the machines running")
    show.set_defaults(run=_demo)
    inside = verbs.add_parser(
        "kernel", help="run tests/kernel (-- and arguments of pytest), or -- COMMAND, in a small VM"
    )
    inside.add_argument("words", nargs=argparse.REMAINDER, metavar="-- ...")
    inside.set_defaults(run=_kernel)
    bench = verbs.add_parser("bench", help="time the IPVS engine in a small VM")
    bench.add_argument("words", nargs=argparse.REMAINDER, help="for python3 -m bench")
    bench.set_defaults(run=_bench)
    versions = verbs.add_parser(
        "compat", help="run the unit tests over other versions of libraries"
    )
    versions.set_defaults(run=_compat)
    ready = verbs.add_parser("image", help="make the VMs' image, if it is not there yet")
    ready.set_defaults(run=_image)
    # A terminated lab ends its machines, as an interrupted one does.
    signal.signal(signal.SIGTERM, _exit)
    options = parser.parse_args()
    try:
        status: int = options.run(options)
    except LabError as error:
        print("\n".join([f"lab: {error}", *getattr(error, "__notes__", ())]), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _demo(options: argparse.Namespace) -> int:
    demo.show(options.cluster, requests=options.requests, keep=options.keep)
    return 0


def _image(_options: argparse.Namespace) -> int:
    image.installed()
    return 0


def _kernel(options: argparse.Namespace) -> int:
    """`-- COMMAND` runs a command; pytest's arguments begin with a dash or name a test."""
    words: list[str] = options.words
    words = words[1:] if words[:1] == ["--"] else words
    if not words or words[0].startswith(("-", "tests/")):
        return kernel.run_pytest(words)
    return kernel.run_command(words)


def _bench(options: argparse.Namespace) -> int:
    return kernel.run_bench(options.words)


def _compat(_options: argparse.Namespace) -> int:
    return compat.run_unit_tests()


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


if __name__ == "__main__":
    sys.exit(main())
