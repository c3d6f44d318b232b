"""What must hold of any bytes that are read as a role, as rules or as the kernel's answers."""

from __future__ import annotations

import json
from itertools import pairwise

from lvsboot.cli.text.problems import problems_text, problems_value
from lvsboot.errors import InputError
from lvsboot.install.tree import File
from lvsboot.ipvs import netlink
from lvsboot.ipvs.decode import (
    decode_daemon,
    decode_key,
    decode_service,
    decode_timeouts,
)
from lvsboot.ipvs.dumps import PoolDecoder
from lvsboot.ipvs.netlink import Attributes, MalformedReplyError
from lvsboot.ipvs.numbers import Top
from lvsboot.ipvs.rules import format_rules, parse_rules
from lvsboot.ipvs.rules.as_found import parse_rules_as_found
from lvsboot.ipvs.table import Family, Table
from lvsboot.render.host import render_host
from lvsboot.render.rules import declared_table
from lvsboot.role.document import Finding, parse_document
from lvsboot.role.importing import import_table
from lvsboot.role.model import Backend, Director
from lvsboot.role.reader import RoleFile, parse_role
from lvsboot.role.validation import validate

_BACKENDS = (Backend.NETWORKD, Backend.NETPLAN, Backend.IFUPDOWN, Backend.EXTERNAL)


def read_role(raw: bytes) -> None:
    """A role that renders, or problems with places: never another exception."""
    try:
        role_file = parse_role(raw, "role.yaml")
    except InputError as error:
        _check_problems(error, raw)
    else:
        _check_rendering(role_file)


def _check_problems(error: InputError, raw: bytes) -> None:
    lines = raw.count(b"\n") + raw.count(b"\r") + 1
    assert error.problems
    for problem in error.problems:
        assert 1 <= problem.span.line <= lines
        assert problem.span.column >= 1
        assert problem.conflicts_with is None or 1 <= problem.conflicts_with.span.line <= lines
    text = problems_text(error.problems)
    assert all(char.isprintable() or char in "\n\t" for char in text)
    assert json.loads(json.dumps(problems_value(error.problems)))


def _check_rendering(role_file: RoleFile) -> None:
    for backend in _BACKENDS:
        tree = render_host(role_file.role, role_file.text, backend)
        assert all(one.path < other.path for one, other in pairwise(tree))
        for entry in tree:
            if isinstance(entry, File) and entry.path == "/etc/lvs/ipvs.rules":
                assert format_rules(_parse(entry.text)) == entry.text


def validate_value(raw: bytes) -> None:
    """The valid part of a value is valid, and nothing is removed without a finding."""
    try:
        document = parse_document(raw, "role.yaml")
    except InputError:
        return
    result = validate(document.value)
    if not result.findings:
        assert result.value is document.value
    elif result.value is not None:
        again = validate(result.value)
        assert all(is_about_a_list(finding) for finding in again.findings)


def is_about_a_list(finding: Finding) -> bool:
    """The valid part of a list may be too short, or have an entry twice: each entry is valid."""
    return finding.message.endswith(("is needed here", "are needed here", "stands here twice"))


def read_rules(raw: bytes) -> None:
    """A table whose canonical text is a fixed point, or problems with places."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        table = _parse(text)
    except InputError as error:
        assert error.problems
        assert all(problem.span.line <= text.count("\n") + 1 for problem in error.problems)
        problems_text(error.problems)
        return
    canonical = format_rules(table)
    assert format_rules(_parse(canonical)) == canonical


def import_rules(raw: bytes) -> None:
    """A role that validates, and whose rules are nobody else's."""
    text = raw.decode("utf-8", "surrogateescape")
    try:
        table = parse_rules_as_found(text, file="rules", port_of=lambda *_: None).table
    except InputError as error:
        assert error.problems
        assert all(problem.span.line <= text.count("\n") + 1 for problem in error.problems)
        problems_text(error.problems)
        return
    imported = import_table(table)
    kind = parse_role(imported.text.encode(), "role.yaml").role.kind
    assert isinstance(kind, Director)
    found = declared_table(kind)
    assert found.services.keys() <= table.services.keys()
    if not imported.remarks:
        assert found == table._replace(daemons={})


def _parse(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=lambda _name, _protocol: None)


def decode_netlink(raw: bytes) -> None:
    """The answers of a kernel, or the one error that says it is none."""
    decoders = (_decode_service, _decode_pool, _decode_daemon, _decode_config)
    for decode in decoders:
        try:
            for message in netlink.split_messages(raw):
                decode(message.body)
        except MalformedReplyError:
            continue
    try:
        netlink.take_runs(raw, 1, [])
        netlink.error_number(raw)
    except MalformedReplyError:
        return


def _decode_service(body: bytes) -> None:
    service = Attributes(netlink.generic_attributes(body)).nested(Top.SERVICE)
    key = decode_key(service)
    if key is not None:
        decode_service(service, key.family)


def _decode_pool(body: bytes) -> None:
    run = _run(body)
    for family in Family:
        pool = PoolDecoder().decode([run, run], family)
        assert all(len(key.address) in {4, 16} for key in pool)


def _run(body: bytes) -> bytes:
    return netlink.HEADER.pack(netlink.HEADER.size + len(body), 0x1F, 2, 1, 0) + body


def _decode_daemon(body: bytes) -> None:
    decode_daemon(Attributes(netlink.generic_attributes(body)).nested(Top.DAEMON))


def _decode_config(body: bytes) -> None:
    decode_timeouts(Attributes(netlink.generic_attributes(body)))
