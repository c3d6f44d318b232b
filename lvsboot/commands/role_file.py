"""Reads a role file for the verbs that take one: all that `validate` imports from this folder."""

from __future__ import annotations

from lvsboot.errors import InputError
from lvsboot.problem import STANDARD_INPUT, Problem, Span
from lvsboot.role.document import MAX_BYTES
from lvsboot.role.reader import RoleFile, parse_role
from lvsboot.system.permission import not_permitted
from lvsboot.system.textfiles import read_bytes


def read_role(file: str, stdin: bytes | None = None, *, from_anybody: bool = True) -> RoleFile:
    """The role in `file`, or in `stdin` for "-"; InputError with every problem in it.

    With from_anybody=False HostError for a file that another user may write, or has written: what
    root applies must not be anybody's. NotPermittedError for a file that the caller may not read.
    """
    if stdin is not None:
        return parse_role(stdin, STANDARD_INPUT)
    try:
        # One byte more than may be, so that a larger file is seen as one.
        return parse_role(read_bytes(file, MAX_BYTES, from_anybody=from_anybody), file)
    except PermissionError as error:
        raise not_permitted("read", file, error) from error
    except OSError as error:
        message = f"cannot read the role file: {error.strerror}"
        hint = "write one there, or name another" if isinstance(error, FileNotFoundError) else ""
        raise InputError([Problem(file, Span(1), message, hint=hint)]) from error
