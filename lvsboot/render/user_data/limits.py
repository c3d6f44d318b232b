"""How large user-data may be, by where it is handed over. Pure.

Sources: EC2 User Guide, "16 KB, in raw form, before it is base64-encoded"; Azure, osProfile's
customData, whose decoded array has at most 65,535 bytes; Nova's "Provide user data to instances",
base64-encoded and restricted to 65,535 bytes.
"""

from __future__ import annotations

from enum import StrEnum

from lvsboot.render.user_data.text import gzip_size


class Target(StrEnum):
    """Where user-data is handed over: the words of --for."""

    EC2 = "ec2"
    AZURE = "azure"
    OPENSTACK = "openstack"
    NOCLOUD = "nocloud"


NAMES = {
    Target.EC2: "EC2",
    Target.AZURE: "Azure",
    Target.OPENSTACK: "OpenStack",
    Target.NOCLOUD: "NoCloud",
}
_LIMITS = {Target.EC2: 16_384, Target.AZURE: 65_535, Target.OPENSTACK: 65_535}
_IN_BASE64 = {Target.OPENSTACK}


def size_sentence(text: str, target: Target) -> str:
    """How much of the target's room the user-data takes."""
    size = _counted(len(text.encode()), target)
    if target not in _LIMITS:
        return f"user-data has {size:,} bytes: {NAMES[target]} has no limit"
    return f"user-data has {size:,} bytes{_form(target)}: {_limit_words(target)}"


def is_too_large(text: str, target: Target) -> bool:
    return not _fits(len(text.encode()), target)


def fits_compressed(text: str, target: Target) -> bool:
    """Whether the target would take what gzip makes of it, which cloud-init decompresses."""
    return _fits(gzip_size(text), target)


def _fits(size: int, target: Target) -> bool:
    return target not in _LIMITS or _counted(size, target) <= _LIMITS[target]


def _counted(size: int, target: Target) -> int:
    """The bytes that count: base64 has four for each three that are begun."""
    return -(-size // 3) * 4 if target in _IN_BASE64 else size


def _form(target: Target) -> str:
    return " in base64" if target in _IN_BASE64 else ""


def _limit_words(target: Target) -> str:
    return f"{NAMES[target]} takes at most {_LIMITS[target]:,}"
