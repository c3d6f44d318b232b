"""Matches NICs' names with the patterns that other programs' files hold: fnmatch(3). Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase

# A NIC's name has at most 15 characters; what is made of a pattern may take quadratic time.
_LONGEST = 200


def matches_glob(name: str, pattern: str) -> bool:
    """A pattern that no person wrote, for its length, counts as one that matches."""
    return len(pattern) > _LONGEST or fnmatchcase(name, pattern.replace("[^", "[!"))
