"""Where the lab keeps its things: everything that it makes is below one folder."""

from __future__ import annotations

from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
CACHE = REPO / ".cache"
IMAGES = CACHE / "images"
RUNS = CACHE / "runs"
KEYS = CACHE / "keys"

LAB = REPO / "lab"
ROOTFS = LAB / "rootfs"  # copied over the image's root as it is
GUEST = LAB / "guest"  # scripts that run inside the image
EXAMPLES = REPO / "examples"
LVSBOOT = REPO / ".venv" / "bin" / "lvsboot"

# Where a machine reaches the host's web server, if it has one: on the management network.
WEB_ADDRESS = "192.168.250.100"
