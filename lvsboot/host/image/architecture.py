"""Names the architecture of a program by its ELF header (elf(5)). No I/O."""

from __future__ import annotations

from typing import NamedTuple

HEADER_BYTES = 20


class Architecture(NamedTuple):
    """Its names: `debian` as of dpkg --print-architecture, `systemd` as of mkosi, too."""

    debian: str
    systemd: str


# By the header's machine, by its class (1: 32 bits, 2: 64) and its byte order (1: little, 2: big).
_KNOWN = {
    (3, 1, 1): Architecture("i386", "x86"),
    (21, 2, 1): Architecture("ppc64el", "ppc64-le"),
    (22, 2, 2): Architecture("s390x", "s390x"),
    (40, 1, 1): Architecture("armhf", "arm"),
    (62, 2, 1): Architecture("amd64", "x86-64"),
    (183, 2, 1): Architecture("arm64", "arm64"),
    (243, 2, 1): Architecture("riscv64", "riscv64"),
    (258, 2, 1): Architecture("loong64", "loongarch64"),
}


def names() -> tuple[str, ...]:
    """Every name of a known architecture, sorted."""
    return tuple(sorted({name for architecture in _KNOWN.values() for name in architecture}))


def parse_architecture(header: bytes) -> Architecture | None:
    """What the program with this beginning runs on; None for what is no ELF file.

    One that has no name here gets its number for a name.
    """
    if len(header) < HEADER_BYTES or not header.startswith(b"\x7fELF"):
        return None
    bits, order = header[4], header[5]
    machine = int.from_bytes(header[18:20], "big" if order == 2 else "little")
    unnamed = f"ELF machine {machine}"
    return _KNOWN.get((machine, bits, order), Architecture(unnamed, unnamed))
