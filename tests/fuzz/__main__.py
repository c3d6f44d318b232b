"""`make fuzz`: the readers, each for its share of FUZZ_SECONDS fed by atheris, and by mutations.

What breaks a reader is left in .cache/fuzz/TARGET or .cache/fuzz/mutated, with the traceback on
the terminal; give the file to `python -m tests.fuzz TARGET FILE` to see it again. Before that the
largest roles, each hard for one thing, must be read within the limits that hold for any role.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
CACHE = REPOSITORY / ".cache" / "fuzz"
# Each reader, and which of tests/fuzz/seeds.py it starts from.
TARGETS = {
    "read_role": "roles",
    "validate_value": "roles",
    "read_rules": "rules",
    "import_rules": "rules",
    "decode_netlink": "replies",
}
# The slowest reading of the largest input that libFuzzer tries, in seconds; and its memory in MiB.
TIMEOUT = 20
MEMORY = 1024
# For each of the largest roles: seconds of processor time, and memory in MiB.
LARGE_SECONDS = 10
LARGE_MEMORY = 1024


def main(words: list[str]) -> int:
    if not words:
        seconds = int(os.environ.get("FUZZ_SECONDS", "300"))
        return read_large() | mutate(seconds // 2) | fuzz_all(seconds - seconds // 2)
    name, *files = words
    fuzz_one(name, files)
    return 0


def read_large() -> int:
    """1 if a role at the limit of size takes more than any role may."""
    from tests.fuzz import large  # noqa: PLC0415 - see _write_seeds()

    CACHE.mkdir(parents=True, exist_ok=True)
    place, report = CACHE / "large.yaml", CACHE / "large.txt"
    slow = []
    for make in large.LARGE:
        place.write_bytes(large.largest(make))
        argv = [sys.executable, "-m", "lvsboot", "validate", str(place)]
        with report.open("wb") as file:
            process = subprocess.Popen(argv, cwd=REPOSITORY, stdout=file, stderr=file)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds, memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
        print(f"--- {make.__name__}: {seconds:.1f} s, {memory} MiB", flush=True)
        is_read = process.returncode in {0, 78} and report.stat().st_size < 16 * 1024 * 1024
        if not is_read or seconds > LARGE_SECONDS or memory > LARGE_MEMORY:
            slow.append(make.__name__)
    print(f"too much: {', '.join(slow)}" if slow else "no large role takes too much")
    return int(bool(slow))


def mutate(seconds: int) -> int:
    """1 if a mutated role or rules file broke its reader."""
    from tests.fuzz.mutate import mutate_all  # noqa: PLC0415 - see _write_seeds()

    return int(bool(mutate_all(seconds, CACHE / "mutated")))


def fuzz_all(seconds: int) -> int:
    """Each target in a process of its own, which libFuzzer ends; 1 if one of them was broken."""
    broken = []
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in TARGETS:
        print(f"--- {name}: {seconds // len(TARGETS)} s", flush=True)
        corpus = CACHE / name / "corpus"
        _write_seeds(name, corpus)
        options = [
            f"-max_total_time={seconds // len(TARGETS)}",
            f"-timeout={TIMEOUT}",
            f"-rss_limit_mb={MEMORY}",
            f"-artifact_prefix={CACHE / name}/",
            f"-dict={_write_words()}",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        argv = [sys.executable, "-m", "tests.fuzz", name, *options, str(corpus)]
        if subprocess.run(argv, cwd=REPOSITORY, check=False).returncode:
            broken.append(name)
    print(f"broken: {', '.join(broken)}" if broken else "nothing was broken")
    return int(bool(broken))


def fuzz_one(name: str, arguments: list[str]) -> None:
    import atheris  # noqa: PLC0415 - only where it is installed: no part of the unit tests

    with atheris.instrument_imports(include=["lvsboot"]):
        from tests.fuzz import readers  # noqa: PLC0415
    atheris.Setup([name, *arguments], getattr(readers, name))
    atheris.Fuzz()


def _write_seeds(name: str, corpus: Path) -> None:
    # Not above: what is imported before fuzz_one() says so is not instrumented.
    from tests.fuzz import seeds  # noqa: PLC0415

    corpus.mkdir(parents=True, exist_ok=True)
    for i, seed in enumerate(getattr(seeds, TARGETS[name])()):
        (corpus / f"seed-{i}").write_bytes(seed)


def _write_words() -> Path:
    """LibFuzzer's dictionary: the words that a role knows."""
    from tests.fuzz import seeds  # noqa: PLC0415

    place = CACHE / "words"
    place.write_text("".join(f'"{word}"\n' for word in seeds.words()), encoding="ascii")
    return place


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
