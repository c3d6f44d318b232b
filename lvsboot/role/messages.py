"""The messages about values that the schema refuses, each with a hint how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

Hint = str | Callable[[], str]
"""How to fix it; a function where it takes time, so that only shown problems pay for it."""

_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
# Longer than any word of a role: comparing longer ones would take long and find nothing.
_LONGEST_WORD = 40
# Forwarding methods of other systems: none of ours is what they mean, however near the word.
_OTHER_THINGS = {"fullnat", "fnat"}
_MOST_COMPARED = 100
_UNQUOTE = "write it without quotes"
_ENTRY = "an entry begins with a hyphen"
_KEYS_BELOW = "indent its keys below it"
_KEYS_HERE = "write keys and their values: {key: value}"
# YAML 1.1's words for true and false, and numbers that other programs read so.
_WORDS_OF_YAML_1_1 = {
    "no": "false", "off": "false", "0": "false", "yes": "true", "on": "true", "1": "true",
}  # fmt: skip


class Message(NamedTuple):
    message: str
    hint: Hint = ""


class FormatError(ValueError):
    """A text is not of its format: the message, and a hint how to fix it."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


def of_error(error: Exception) -> Message:
    return Message(str(error), error.hint if isinstance(error, FormatError) else "")


def unknown_key(key: str, title: str, known: Sequence[str]) -> Message:
    otherwise = f"known here: {', '.join(known)}"
    message = f"{shown(key)} is not a key of {_with_article(title)}"
    return Message(message, partial(_nearest, key, known, otherwise))


def missing(key: str) -> str:
    return f"'{key}' is missing"


def no_choice(choices: Sequence[Sequence[str]]) -> Message:
    """`choices` are the sets of keys of which a mapping has one."""
    words = " or ".join(" with ".join(f"'{key}'" for key in keys) for keys in choices)
    return Message(f"{words} is missing", "one of them says what this is")


def two_choices(key: str, other: str) -> Message:
    return Message(f"'{key}' and '{other}' exclude each other", "remove one of the two")


def only_with(key: str, companion: str) -> Message:
    return Message(f"'{key}' is only for what has a '{companion}'", "remove it")


def wrong_type(value: Any, kinds: Sequence[str]) -> Message:  # noqa: ANN401
    expected = " or ".join(_KINDS[kind] for kind in kinds)
    hint = ""
    if "string" in kinds and not isinstance(value, dict | list | None):
        hint = "quote it"
    elif "integer" in kinds and isinstance(value, str) and value.isdecimal():
        hint = _UNQUOTE
    elif kinds == ["boolean"] and isinstance(value, str | int):
        word = _WORDS_OF_YAML_1_1.get(str(value).lower())
        hint = f"write {word}" if word is not None else ""
    elif kinds == ["array"]:
        hint = _ENTRY if isinstance(value, dict | None) else "put brackets around it: [ ]"
    elif kinds == ["object"]:
        hint = _KEYS_BELOW if value is None else _KEYS_HERE
    return Message(f"{shown(value)} is not {expected}", hint)


def not_a_word(value: Any, title: str, words: Sequence[str]) -> Message:  # noqa: ANN401
    listed = f"one of {', '.join(words)}"
    hint: Hint = listed
    if isinstance(value, str):
        hint = partial(_nearest, value, words, listed)
    elif value is False and "no" in words:
        hint = "write no"
    return Message(f"{shown(value)} is not {_with_article(title)}", hint)


def not_the_one(value: Any, title: str, wanted: Any) -> Message:  # noqa: ANN401
    message = f"{shown(value)} is not {_with_article(title)} that is known here"
    is_quoted = value == str(wanted)
    return Message(message, _UNQUOTE if is_quoted else f"this lvsboot reads {wanted}")


def too_small(value: int, title: str, limit: int) -> Message:
    return Message(f"{value} is too small for {_with_article(title)}: at least {limit}")


def too_large(value: int, title: str, limit: int) -> Message:
    return Message(f"{value} is too large for {_with_article(title)}: at most {limit}")


def too_few(least: int) -> Message:
    return Message(
        f"at least {least} entry is needed here"
        if least == 1
        else f"at least {least} entries are needed here"
    )


def twice(values: Sequence[Any]) -> Message:
    seen = set()
    for value in values:
        if repr(value) in seen:
            return Message(f"{shown(value)} stands here twice", "once is enough")
        seen.add(repr(value))
    raise ValueError("no value stands here twice")


def shown(value: Any) -> str:  # noqa: ANN401
    match value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"'{shortened(value)}'"
        case _:
            return shortened(str(value))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest of `known`, or nothing."""
    if len(word) > _LONGEST_WORD or word.lower() in _OTHER_THINGS:
        return ""
    compared = list(islice(known, _MOST_COMPARED))
    near = difflib.get_close_matches(word.lower(), compared, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""


def hint_text(hint: Hint) -> str:
    return hint if isinstance(hint, str) else hint()


def _nearest(word: str, known: Sequence[str], otherwise: str) -> str:
    return did_you_mean(word, known) or otherwise


def shortened(text: str) -> str:
    """The text, cut where it is too long for a message."""
    return text if len(text) <= 2 * _LONGEST_WORD else f"{text[: 2 * _LONGEST_WORD]}…"


def _with_article(title: str) -> str:
    head = title.partition(" of ")[0].partition(" for ")[0]
    if head.endswith("s") and not head.endswith("ss"):
        return title
    is_vowel = title[:1] in "aeiouAEIO" or title in {"MTU", "MSS"}
    return f"an {title}" if is_vowel else f"a {title}"
