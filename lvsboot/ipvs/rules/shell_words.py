"""A line of a shell script to words and operators. Pure.

What quotes keep from the shell is masked: its special characters are replaced by ones that no UTF-8
has, until `unmasked` puts them back in a command's finished words.
"""

from __future__ import annotations

import re
import shlex

from lvsboot.ipvs.rules.options import CommandError

BLANKS = " \t\r\n"
OUTPUT = "$?"
"""Stands for a command's output, which is not known."""
OPERATORS = frozenset({"&&", "||", ";;", ";", "&", "|", "(", ")", "\n"})

_TO_BLANKS = str.maketrans(BLANKS, "    ")
# What a line must have to mean more to a shell than its words.
_SPECIAL = re.compile(r"['\"\\$`;&|<>(){}]")
_REDIRECTION = re.compile(
    r"(?:(?<![^\s;&|])[0-9]|&)?(?:<<<|<<-?|>>|>\||<|>)(?:&[0-9-]|[ \t]*[^\s;&|<>()]+)"
)
_HERE = re.compile(r"<<-?[ \t]*['\"]?(\w+)")
_SUBSTITUTION = re.compile(r"`[^`]*`|\$\([^()]*\)")
_OPERATOR = re.compile(r"&&|\|\||;;|[;&|()]")
_PUNCTUATION = ";&|()"
_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
_ESCAPED_EXPANSION = re.compile(r"\\([$`])")
_MASKS = {ord(char): 0xD800 + i for i, char in enumerate("$`;&|<>(){}!")}
_MASKS_IN_DOUBLE_QUOTES = {ord(char): _MASKS[ord(char)] for char in ";&|<>()"}
_UNMASKED = {mask: char for char, mask in _MASKS.items()}


def is_plain(line: str) -> bool:
    """A shell would take the line's words as they are."""
    return _SPECIAL.search(line) is None


def split_blanks(text: str) -> list[str]:
    """At what a shell splits it; str.split() knows more blanks."""
    return [word for word in text.translate(_TO_BLANKS).split(" ") if word]


def unmasked(text: str) -> str:
    return text.translate(_UNMASKED)


def split_line(line: str) -> tuple[list[str], list[str]]:
    """Words and operators without redirections, and the words that end here-documents."""
    if is_plain(line):
        return split_blanks(line), []
    line = _SUBSTITUTION.sub(OUTPUT, _QUOTED.sub(_masked, line))
    lexer = shlex.shlex(_REDIRECTION.sub("", line), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace, lexer.whitespace_split = BLANKS, True
    tokens: list[str] = []
    try:
        for word in lexer:
            tokens += _OPERATOR.findall(word) if word[:1] in set(_PUNCTUATION) else [word]
    except ValueError as error:
        raise CommandError("a quotation that ends in no line of its own") from error
    return tokens, _HERE.findall(line)


def _masked(quoted: re.Match[str]) -> str:
    """The same in quotes with its special characters masked; "$x" and "$(x)" stay expansions."""
    text = quoted[0]
    if text[0] != '"':
        return text.translate(_MASKS)
    text = _ESCAPED_EXPANSION.sub(lambda escaped: escaped[1].translate(_MASKS), text)
    return _SUBSTITUTION.sub(OUTPUT, text).translate(_MASKS_IN_DOUBLE_QUOTES)
