"""Compares connection_table_bits with the running kernel, which may refuse it silently."""

from __future__ import annotations

import os

from lvsboot import paths
from lvsboot.system.textfiles import read_text

_PARAMETER = "/sys/module/ip_vs/parameters/conn_tab_bits"
_OPTION = "options ip_vs conn_tab_bits="
# ip_vs_conn_init(): outside of 8 to 20 a kernel before 6.5 takes its own size, 12 as a rule. Later
# ones, and stable ones with the change, take up to 27 on 64 bits, but no more than memory has room.
_LONG_TAKEN = 20
_SINCE = (6, 5)


def declared_bits() -> int | None:
    """The size in lvsboot's own file of modprobe.d, if any."""
    text = read_text(paths.MODPROBE) or ""
    for line in text.splitlines():
        bits = line.removeprefix(_OPTION)
        if bits != line and bits.isdecimal():
            return int(bits)
    return None


def size_sentence(bits: int | None) -> str | None:
    """Why the connection table has or may get another size than `bits`; None where it does not."""
    if bits is None:
        return None
    actual = read_text(_PARAMETER)
    return explain_size(bits, None if actual is None else actual.strip(), os.uname().release)


def explain_size(bits: int, actual: str | None, release: str) -> str | None:
    """`actual` is what ip_vs was loaded with, None before that."""
    is_old = bits > _LONG_TAKEN and _version(release) < _SINCE
    old = (
        f"kernels before 6.5, such as {release}, take at most {_LONG_TAKEN}, unless a distribution "
        "has changed that, and fall back to 12 in silence"
    )
    if actual is None:
        return f"connection_table_bits {bits} may be too large: {old}" if is_old else None
    if actual == str(bits):
        return None
    why = old if is_old else "memory has room for no more, or ip_vs was loaded before the role came"
    return (
        f"the connection table has 2^{actual} buckets, not the 2^{bits} that the role asks for: "
        f"{why}; a reboot loads ip_vs anew"
    )


def _version(release: str) -> tuple[int, ...]:
    """Major and minor; a release of another form counts as new."""
    numbers = release.partition("-")[0].split(".")[:2]
    if len(numbers) < 2 or not all(number.isdecimal() for number in numbers):
        return _SINCE
    return tuple(map(int, numbers))
