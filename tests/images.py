"""Makes folders that look like unpacked images, as far as lvsboot looks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

KERNEL = "usr/lib/modules/6.1.0-test"
SYSTEMD = "usr/lib/systemd/systemd"
MACHINE_ID = "etc/machine-id"
_MODULES = (
    *(
        "ip_vs",
        "ip_vs_rr",
        "ip_vs_wrr",
        "ip_vs_lc",
        "ip_vs_wlc",
        "ip_vs_sh",
        "ip_vs_mh",
        "ip_vs_ftp",
    ),
    *("nf_tables", "ipip", "ip6_tunnel", "sit", "fou", "ip_gre"),
)


def put(root: Path, path: str, content: str | bytes = "") -> Path:
    """Writes a file below the root, and the folders above it."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def complete_image(root: Path) -> Path:
    """All that no warning of a role's is about, for the architecture of these tests."""
    put(root, SYSTEMD, Path(sys.executable).read_bytes()[:20])
    for program in ("sbin/init", "bin/ip", "sbin/ipvsadm", "sbin/nft", "bin/lvsboot"):
        put(root, f"usr/{program}")
    put(root, MACHINE_ID)
    lines = (f"kernel/net/{module}.ko.xz: kernel/lib/libcrc32c.ko.xz\n" for module in _MODULES)
    put(root, f"{KERNEL}/modules.dep", "".join(lines))
    return root


def put_unreadable(place: Path, kind: str) -> None:
    """A `pipe`, a `folder`, or else a file that is larger than any of its kind."""
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.touch()
        os.truncate(place, 3 << 30)
