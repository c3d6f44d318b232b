"""`make fuzz`: the readers, each fed by atheris for its share of FUZZ_SECONDS.

What breaks a reader is left in .cache/fuzz/TARGET, with the traceback on the terminal; give the
file to `python -m tests.fuzz TARGET FILE` to see it again.
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
    "sift_value": "roles",
    "read_rules": "rules",
    "import_rules": "rules",
    "decode_netlink": "replies",
}
# The slowest reading of the largest input that libFuzzer tries, in seconds; and its memory in MiB.
TIMEOUT = 20
MEMORY = 1024


def main(words: list[str]) -> int:
    if not words:
        return fuzz_all(int(os.environ.get("FUZZ_SECONDS", "300")))
    name, *files = words
    fuzz_one(name, files)
    return 0


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
