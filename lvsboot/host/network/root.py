"""Reads the files of a host or an image, and words problems in them."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import NamedTuple

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.install.root_folder import RootFolder, read_regular
from lvsboot.install.walk import NotRegularError, kind_text
from lvsboot.problem import Problem, Severity, Span

# Enough for thousands of NICs.
_MAX_BYTES = 1 << 20
_BEGINNING = Span(1)


class Text(NamedTuple):
    """A file as it was read; `text` is None for one that cannot be read, and `fault` says why."""

    path: str
    text: str | None
    fault: str = ""
    place: Span = _BEGINNING
    hint: str = "fix it, or remove it"

    def source(self, line: int) -> str | None:
        """The line of this number, counted from 1."""
        lines = (self.text or "").splitlines()
        return lines[line - 1] if line <= len(lines) else None


def line_problem(
    path: str,
    line: int,
    source: str,
    message: str,
    hint: str,
    *,
    severity: Severity = Severity.ERROR,
) -> Problem:
    """A problem whose span is a whole line."""
    span = Span(line, 1, len(source))
    return Problem(path, span, message, hint=hint, source=source, severity=severity)


def unread(text: Text) -> Problem:
    """A warning that the file may configure what the role has."""
    message = f"cannot be read: {text.fault}; whether it configures what the role has is not known"
    return Problem(text.path, text.place, message, hint=text.hint, severity=Severity.WARNING)


def read_text(root: Path, path: str) -> Text | None:
    """None where there is no file: nothing, a folder, a link to nowhere or to /dev/null."""
    try:
        content = read_regular(root, path, _MAX_BYTES)
    except NotPermittedError as error:
        # Behind the semicolon stands who may read it.
        return Text(path, None, "permission denied", hint=str(error).rpartition("; ")[2])
    except HostError as error:
        is_folder = isinstance(error, NotRegularError) and str(error).endswith(_FOLDER)
        place = RootFolder(root).place(path)
        return None if is_folder else Text(path, None, _without_place(str(error), place))
    return None if content is None else Text(path, content.decode("utf-8", "replace"))


_FOLDER = kind_text(stat.S_IFDIR)


def _without_place(sentence: str, place: Path) -> str:
    """A Problem names the file itself, without the root."""
    return sentence.removeprefix(f"cannot read {place}: ").replace(f"{place} has", "it has")


def resolve(root: Path, path: str) -> str:
    """The path with its links resolved; unchanged where it leads nowhere."""
    try:
        with RootFolder(root) as folder, folder.walk(path) as walk:
            walk.follow()
            return f"{walk.folder_path}/{walk.name}"
    except (OSError, HostError):
        return path
