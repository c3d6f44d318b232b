"""lvsboot as it is, but what it would have systemctl and others do is only said.

The command that FAILING names in the environment fails.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from lvsboot.cli import main


def _say(argv: Sequence[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
    os.write(2, f"run {shlex.join(argv)}\n".encode())
    status = 1 if argv[0] == os.environ.get("FAILING") else 0
    return subprocess.CompletedProcess(argv, status, b"", b"")


if __name__ == "__main__":
    subprocess.run = _say  # type: ignore[assignment]
    sys.exit(main())
