"""Matches names as glob(3) and fnmatch(3) do, in time that grows with the text alone."""

from __future__ import annotations

from typing import NamedTuple

_SPECIAL = frozenset("*?[")
# A backslash quotes the next character, and [: [. [= begin a class: rare there, not supported.
_UNKNOWN = ("\\", "[:", "[.", "[=")


class _One(NamedTuple):
    """One character of `characters`, or with `negated` any other; all characters where None."""

    characters: frozenset[str] | None
    negated: bool = False

    def takes(self, character: str) -> bool:
        return self.characters is None or (character in self.characters) is not self.negated


def is_glob(text: str) -> bool:
    return not _SPECIAL.isdisjoint(text)


def is_known_glob(text: str) -> bool:
    """Whether the pattern uses nothing but `*`, `?` and plain brackets."""
    return not any(mark in text for mark in _UNKNOWN)


def matches_path(pattern: str, path: str) -> bool:
    """As glob(3): part by part, and a leading dot is matched only by a dot."""
    patterns, parts = pattern.split("/"), path.split("/")
    if len(patterns) != len(parts):
        return False
    return all(
        (not part.startswith(".") or pattern.startswith(".")) and matches(pattern, part)
        for pattern, part in zip(patterns, parts, strict=True)
    )


def matches(pattern: str, text: str) -> bool:
    """As fnmatch(3) without flags: `*` matches slashes, too.

    Only the last `*` is extended: another match of an earlier one could not help.
    """
    if not is_glob(pattern):
        return pattern == text  # most parts of most paths: a role may name 100,000 NICs
    wanted = _parsed(pattern)
    at = star = taken = 0
    has_star = False
    position = 0
    while position < len(text):
        one = wanted[at] if at < len(wanted) else None
        if at < len(wanted) and one is None:
            has_star, star, taken = True, at + 1, position
            at += 1
        elif one is not None and one.takes(text[position]):
            at, position = at + 1, position + 1
        elif has_star:
            taken += 1
            at, position = star, taken
        else:
            return False
    return all(one is None for one in wanted[at:])


def sample(pattern: str) -> str:
    """A text that the pattern matches."""
    chosen = []
    for one in _parsed(pattern):
        if one is not None:
            chosen.append(_sample_character(one))
    return "".join(chosen)


def _sample_character(one: _One) -> str:
    if one.characters is None or one.negated:
        return next(letter for letter in "0123456789ab" if one.takes(letter))
    return min(one.characters)


def _parsed(pattern: str) -> list[_One | None]:
    """The pattern's characters one by one; None stands for `*`."""
    wanted: list[_One | None] = []
    at = 0
    while at < len(pattern):
        character, at = pattern[at], at + 1
        if character == "*":
            if not wanted or wanted[-1] is not None:
                wanted.append(None)
        elif character == "?":
            wanted.append(_One(None))
        elif character == "[" and (end := pattern.find("]", _first_end(pattern, at))) >= 0:
            wanted.append(_bracket(pattern[at:end]))
            at = end + 1
        else:
            wanted.append(_One(frozenset(character)))
    return wanted


def _first_end(pattern: str, at: int) -> int:
    """The first place where a bracket may end: a `]` at its beginning is one of its characters."""
    return at + (2 if pattern[at : at + 1] in {"!", "^"} else 1)


def _bracket(inside: str) -> _One:
    negated = inside[:1] in {"!", "^"}
    rest = inside[1:] if negated else inside
    characters: set[str] = set()
    while rest:
        if len(rest) > 2 and rest[1] == "-":
            characters.update(map(chr, range(ord(rest[0]), ord(rest[2]) + 1)))
            rest = rest[3:]
        else:
            characters.add(rest[0])
            rest = rest[1:]
    return _One(frozenset(characters), negated)
