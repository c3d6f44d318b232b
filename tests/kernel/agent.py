"""Runs on a host what a test asks for, a line of JSON each: a script of sh, or lvsboot's words.

One process for all: in a VM without KVM an interpreter takes seconds to start.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys

from lvsboot.cli import main


def _answer(asked: dict[str, object]) -> dict[str, object]:
    if "script" in asked:
        argv = ["sh", "-ec", str(asked["script"])]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        status = main([str(word) for word in json.loads(str(asked["words"]))])
    return {"status": status, "stdout": output.getvalue(), "stderr": errors.getvalue()}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_answer(json.loads(line)))}\n")
        sys.stdout.flush()
