"""Text as man(7) wants it: one sentence a line, escaped, with `code` in bold."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

# mandoc -Tlint takes longer lines for bad style.
_WIDTH = 78
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)`][.?!]) (?=[A-Z\[`])")


def title(name: str, section: int, version: str) -> str:
    """The page's first line, with the date that a reproducible build gives."""
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    return f'.TH {name} {section} {date} "lvsboot {version}" "Linux Virtual Server"\n'


def section(heading: str, *parts: str) -> str:
    return f".SH {heading}\n" + "".join(parts)


def subsection(heading: str, *parts: str) -> str:
    return f'.SS "{_escape(heading)}"\n' + "".join(parts)


def paragraph(text: str) -> str:
    return f".PP\n{prose(text)}"


def item(tag: str, text: str) -> str:
    """A list's item; `tag` may have `code`."""
    return f".TP\n{_inline(tag)}\n{prose(text)}"


def literal(text: str) -> str:
    """An indented block as it is."""
    lines = "".join(f"{_line(_escape(line))}\n" for line in text.rstrip("\n").split("\n"))
    return f".PP\n.in +4n\n.nf\n{lines}.fi\n.in\n"


def references(pages: Iterable[str]) -> str:
    """SEE ALSO, from texts such as `ip(8)`, in the order of sections and names."""
    named = sorted((number, name) for name, _, number in (it.partition("(") for it in pages))
    return ",\n".join(f".BR {_escape(name)} ({number}" for number, name in named) + "\n"


def prose(text: str) -> str:
    """Sentences, each on lines of its own."""
    lines: list[str] = []
    for sentence in _SENTENCE_END.split(" ".join(text.split())):
        lines += _wrap(_inline(sentence))
    return "".join(f"{_line(line)}\n" for line in lines)


def _inline(text: str) -> str:
    """`code` in bold."""
    words = text.split("`")
    return "".join(
        f"\\fB{_escape(word)}\\fR" if at % 2 and word else _escape(word)
        for at, word in enumerate(words)
    )


def _escape(text: str) -> str:
    """Hyphens as ASCII, so that what is shown can be copied; quotes as they are."""
    escapes = {"\\": "\\e", "-": "\\-", "'": "\\(aq", '"': "\\(dq", "^": "\\(ha", "~": "\\(ti"}
    return "".join(escapes.get(char, char) for char in text)


def _wrap(text: str) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines


def _line(line: str) -> str:
    """A dot at the beginning would be a request."""
    return f"\\&{line}" if line.startswith(".") else line
