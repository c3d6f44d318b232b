"""Matches NICs' names with the patterns that other programs' files hold: fnmatch(3). Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase

# A NIC's name has at most 15 characters, and a long pattern may take quadratic time.
_LONGEST = 200


def matches_glob(name: str, pattern: str) -> bool:
    """A pattern too long to be matched in time counts as one that matches."""
    return len(pattern) > _LONGEST or fnmatchcase(name, pattern.replace("[^", "[!"))
