"""The verb import: rules as people have them become a director's role."""

from __future__ import annotations

import os
import stat

from lvsboot.commands.rulefiles import port_of
from lvsboot.document import MAX_BYTES
from lvsboot.errors import HostError, InputError, NotPermittedError
from lvsboot.importing import Imported, import_table
from lvsboot.ipvs.rules.as_found import parse_rules_as_found
from lvsboot.problem import Problem, Span


def import_rules(file: str, stdin: bytes | None = None) -> Imported:
    """The role that the rules in `file` stand for, or those in `stdin` for "-".

    Raises InputError for what is wrong with the rules, and where they or the role are too large.
    """
    name = file if stdin is None else "<stdin>"
    raw = _read(file) if stdin is None else stdin
    if len(raw) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes, as a role file has at most"
        raise InputError([Problem(name, Span(1), message)])
    text = raw.decode("utf-8", "surrogateescape")
    found = parse_rules_as_found(text, file=name, port_of=port_of)
    imported = import_table(found.table, file=name)
    lost = (f"not expressed: {remark}" for remark in imported.remarks)
    return Imported(imported.text, (*found.remarks, *lost))


def _read(path: str) -> bytes:
    """One byte more than may be, so that more is seen as such."""
    try:
        # A FIFO without a writer would hold an open that waits.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            if not _is_readable(path, os.fstat(descriptor).st_mode):
                raise HostError(f"{path} is not a regular file: pipe it into `lvsboot import -`")
            os.set_blocking(descriptor, True)
            return file.read(MAX_BYTES + 1)
    except PermissionError as error:
        raise NotPermittedError(f"cannot read {path}: run lvsboot as root") from error
    except OSError as error:
        raise HostError(f"cannot read {path}: {error.strerror}") from error


def _is_readable(path: str, mode: int) -> bool:
    """A shell's `<(ipvsadm -Sn)` is a pipe that has a writer."""
    return stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and path.startswith("/dev/fd/"))
