"""Translates OSError into lvsboot's errors: what was attempted, and the system's reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lvsboot.errors import HostError
from lvsboot.system.permission import not_permitted


@contextmanager
def translate_os_errors(verb: str, place: str | os.PathLike[str]) -> Iterator[None]:
    """With `read` and `/etc/hosts` the error says `cannot read /etc/hosts: <reason>`."""
    try:
        yield
    except PermissionError as error:
        raise not_permitted(verb, place, error) from error
    except OSError as error:
        raise HostError(f"cannot {verb} {place}: {error.strerror}") from error
