"""Escapes what would act on a terminal instead of being shown. Imports nothing: start prints."""

from __future__ import annotations


def printable_line(text: str) -> str:
    r"""`text` on one line: a control character, an invisible one or a stray byte as in `\x1b`."""
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_text(text: str) -> str:
    r"""The same of several lines: ends of lines (but `\r`) and tabs stay."""
    return "".join(char if char in "\n\t" else _shown(char) for char in text)


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte that is not UTF-8, as os.fsdecode() keeps it
    return ascii(chr(code))[1:-1]
