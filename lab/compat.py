"""Runs the unit tests over the run-time libraries of Debian's releases, and over the newest."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import cache, image
from lab.image import DEBIAN_13, Distribution
from lab.paths import REPO, RUNS
from lab.shell import as_root, run

LIBRARIES = ("jinja2", "jsonschema", "pyroute2", "PyYAML")
TOOLS = REPO / "requirements" / "compat.txt"
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider", "-n", "auto", "tests/unit")
NO_SOURCES = (".git", ".venv", ".cache", "*_cache", ".hypothesis", "__pycache__", "dist")
SHOW = "from importlib.metadata import version\nfor it in {}: print('lab:', it, version(it))"
# Words: the root, the checkout, the tools, and what to run in them. pivot_root(8), as a process
# that has changed its root by chroot(2) may not make user namespaces, which some tests do.
IN_TREE = """
mount --bind "$1" "$1"
for place in dev proc; do mount --rbind "/$place" "$1/$place"; done
for name in src tools old; do mkdir -p "$1/mnt/$name"; done
mount --bind "$2" "$1/mnt/src"
mount --bind "$3" "$1/mnt/tools"
cd "$1"; shift 3
pivot_root . mnt/old
umount --lazy /mnt/old
cd /mnt/src
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHONPATH=/mnt/tools \
    PYTHONDONTWRITEBYTECODE=1 TMPDIR=/dev/shm "$@"
"""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian, which Python its python3 is, and options for its tests.

    Debian 13's image has every program that a test asks; 12's systemd knows less.
    """

    distribution: Distribution
    python: str
    options: Sequence[str] = ()
    environment: Sequence[str] = ()


RELEASES = (
    Release(Distribution("bookworm"), "3.11", options=("-m", "not native")),
    Release(DEBIAN_13, "3.13", environment=("LVSBOOT_NATIVE=1",)),
)


def run_unit_tests() -> int:
    """0 if all sets of versions pass; the outcome of each is printed."""
    RUNS.mkdir(parents=True, exist_ok=True)
    passed = {
        **{f"Debian {it.distribution.suite}": _passes_under(it) for it in RELEASES},
        "the newest": _passes_with_the_newest(),
    }
    for name, good in passed.items():
        print(f"lab: unit tests with {name}: {'passed' if good else 'FAILED'}", flush=True)
    return 0 if all(passed.values()) else 1


def _passes_under(release: Release) -> bool:
    """By the release's own python3, inside its unpacked image: nothing is emulated."""
    suite = release.distribution.suite
    tools = cache.made(
        f"compat-{suite}",
        cache.digest([release.python], [TOOLS]),
        lambda folder: _install_tools(folder, release.python),
    )
    with _scratch() as scratch:
        sources = scratch / "sources"
        shutil.copytree(REPO, sources, symlinks=True, ignore=shutil.ignore_patterns(*NO_SOURCES))
        tree = image.unpack_base(scratch, release.distribution)
        try:
            words: list[str | Path] = [
                "unshare",
                "--mount",
                "sh",
                "-ec",
                IN_TREE,
                "sh",
                tree,
                sources,
                tools,
            ]
            python = as_root([*words, "env", *release.environment, "python3"])
            return _passes(python, release.options)
        finally:
            cache.remove_tree(tree)


def _passes_with_the_newest() -> bool:
    """With PyPI's newest releases: this environment is not locked."""
    with _scratch() as scratch:
        venv.create(scratch, with_pip=True)
        python = str(scratch / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "--requirement", TOOLS])
        run([*pip, "--upgrade", *LIBRARIES])
        return _passes([python])


def _passes(python: Sequence[str], options: Sequence[str] = ()) -> bool:
    """Whether the unit tests pass with this interpreter, whose output goes to standard output."""
    shown = subprocess.run([*python, "-c", SHOW.format(LIBRARIES)], cwd=REPO, check=False)
    tested = subprocess.run([*python, *PYTEST, *options], cwd=REPO, check=False)
    return shown.returncode == tested.returncode == 0


def _install_tools(folder: Path, python: str) -> None:
    """Installs the test tools for another Python than this one."""
    target: list[str | Path] = [
        "--target",
        folder,
        "--python-version",
        python,
        "--only-binary",
        ":all:",
    ]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, *target, "--no-deps", "--require-hashes", "--requirement", TOOLS])


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="compat-", dir=RUNS) as folder:
        yield Path(folder)
