"""Reads a host's or an image's files by their paths there, whatever stands at them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lvsboot.errors import HostError, NotPermittedError
from lvsboot.problem import Problem, Severity, Span
from lvsboot.rooted import under

# Thousands of NICs. A FIFO, or a hostile file, would go on for ever.
_MAX_BYTES = 1 << 20
_MAX_LINKS = 40  # as many as the kernel follows before ELOOP
_NOT_PERMITTED = "permission denied"
_BEGINNING = Span(1)


@dataclass(frozen=True, slots=True)
class Text:
    """A file as it was read; `text` is None for one that cannot be read, and `fault` says why."""

    path: str
    text: str | None
    fault: str = ""
    place: Span = _BEGINNING


def unread(text: Text) -> Problem:
    """Says of a file that it may claim what the role has: nobody can tell."""
    message = f"cannot be read: {text.fault}; whether it configures what the role has is not known"
    hint = "run lvsboot as root" if text.fault == _NOT_PERMITTED else "mend it, or take it away"
    return Problem(text.path, text.place, message, hint=hint, severity=Severity.WARNING)


class _UnreadableError(Exception):
    """Its text is the reason."""


def read_text(root: Path, path: str) -> Text | None:
    """None where there is no file, or only the name of one: a link that leads nowhere."""
    try:
        content = _content(_followed(root, path))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except PermissionError:
        return Text(path, None, _NOT_PERMITTED)
    except OSError as error:
        return Text(path, None, (error.strerror or str(error)).lower())
    except HostError:
        return Text(path, None, "too many symbolic links")
    except _UnreadableError as error:
        return Text(path, None, str(error))
    return Text(path, content.decode("utf-8", "replace"))


def _content(place: Path) -> bytes:
    mode = place.lstat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if stat.S_ISCHR(mode):
        return b""  # /dev/null: it is masked
    if not stat.S_ISREG(mode):
        raise _UnreadableError("it is no regular file")
    # It may have become a FIFO since, whose opening would wait for a writer.
    descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - it is open
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise _UnreadableError(f"it is larger than {_MAX_BYTES >> 20} MiB")
    return content


def list_names(root: Path, directory: str, pattern: str) -> list[str]:
    """The names in a folder that match; none where there is no such folder."""
    try:
        names = os.listdir(under(root, f"{directory}/x").parent)  # noqa: PTH208 - names, as text
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError as error:
        message = f"cannot look into {directory}: {error.strerror}; run lvsboot as root"
        raise NotPermittedError(message) from error
    except OSError as error:
        raise HostError(f"cannot look into {directory}: {error.strerror}") from error
    return [name for name in names if fnmatchcase(name, pattern)]


def is_there(root: Path, path: str) -> bool:
    """Whether something stands at the path, links to nowhere not counted."""
    try:
        return os.path.lexists(_followed(root, path))
    except HostError:
        return False  # its links go round in circles


def resolve(root: Path, path: str) -> Path:
    """The place of the path, or of the name itself where its links go round in circles."""
    try:
        return _followed(root, path)
    except HostError:
        return root / path.lstrip("/")


def _followed(root: Path, path: str) -> Path:
    """The place below the root at which the last of a chain of links ends."""
    first = path
    for _link in range(_MAX_LINKS):
        place = under(root, path)
        if not os.path.islink(place):  # noqa: PTH114 - no error where it may not be looked at
            return place
        target = str(place.readlink())
        path = target if target.startswith("/") else f"{path.rpartition('/')[0]}/{target}"
    raise HostError(f"{first}: too many symbolic links below {root}")
