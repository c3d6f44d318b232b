"""What the tests of ipvsadm's language share."""

from __future__ import annotations

import pytest

from lvsboot.errors import InputError
from lvsboot.ipvs.rules import parse_rules
from lvsboot.ipvs.table import Protocol, Table, VirtualAddress

VIP = b"\xc0\x00\x02\x01"  # 192.0.2.1
RIP = b"\x0a\x00\x00\x0b"  # 10.0.0.11
WEB = VirtualAddress(Protocol.TCP, VIP, 80)
ADD = "-A -t 192.0.2.1:80\n"


def port_of(name: str, protocol: Protocol) -> int | None:
    return {("http", Protocol.TCP): 80, ("domain", Protocol.UDP): 53}.get((name, protocol))


def parse(text: str) -> Table:
    return parse_rules(text, file="rules", port_of=port_of)


def problems(text: str) -> list[str]:
    """`line:column: message` of each problem."""
    with pytest.raises(InputError) as caught:
        parse(text)
    return [f"{p.span.line}:{p.span.column}: {p.message}" for p in caught.value.problems]
