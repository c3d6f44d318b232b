"""The verb import: makes a director's role of ipvsadm's rules or of a script."""

from __future__ import annotations

from dataclasses import replace

from lvsboot.commands.rulefiles import port_of
from lvsboot.errors import InputError
from lvsboot.ipvs.rules.as_found import MAX_REMARKS, parse_rules_as_found
from lvsboot.problem import STANDARD_INPUT, Problem, Span
from lvsboot.role.document import MAX_BYTES
from lvsboot.role.importing import Imported, import_table
from lvsboot.system.os_errors import translate_os_errors
from lvsboot.system.textfiles import read_bytes


def import_rules(file: str, stdin: bytes | None = None) -> Imported:
    """The role that the rules in `file` stand for, or those in `stdin` for "-".

    Raises InputError for what is wrong with the rules, and where they or the role are too large.
    """
    name = file if stdin is None else STANDARD_INPUT
    raw = _read(file) if stdin is None else stdin
    if len(raw) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES:,} bytes, as a role file has at most"
        raise InputError([Problem(name, Span(1), message)])
    text = raw.decode("utf-8", "surrogateescape")
    found = parse_rules_as_found(text, file=name, port_of=port_of)
    imported = import_table(found.table, file=name)
    lost = [f"{name}: left out: {remark}" for remark in imported.remarks[:MAX_REMARKS]]
    if len(imported.remarks) > MAX_REMARKS:
        lost.append(f"{name}: left out: {len(imported.remarks) - MAX_REMARKS:,} more")
    return replace(imported, remarks=(*found.remarks, *lost))


def _read(path: str) -> bytes:
    """Whoever wrote it: a person reads the role before it is applied."""
    with translate_os_errors("read", path):
        return read_bytes(path, MAX_BYTES, from_anybody=True)
