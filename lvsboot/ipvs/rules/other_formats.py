"""Recognises other programs' files, which `import` does not read. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple


class Format(NamedTuple):
    """What the file is, what to do instead, and the line by which it was recognised."""

    name: str
    hint: str
    line: int


_SAVE = "import what `ipvsadm -Sn` prints"
_RUNNING = "while it runs, `ipvsadm -Sn` prints what it has put into the table: import that"
_KINDS = (
    (r"IP Virtual Server version |Prot +LocalAddress:Port", "what `ipvsadm -L` shows", _SAVE),
    (r"IPVS connection entries|pro expire state ", "a list of connections", _SAVE),
    (
        r"[ \t]*(?:global_defs|vrrp_instance|vrrp_sync_group|virtual_server|virtual_server_group)"
        r"(?:[ \t]|$)(?![ \t]*=)",
        "a configuration of keepalived",
        _RUNNING,
    ),
    (
        r"[ \t]+(?:real|fallback)[ \t]*=[ \t]*\S+[ \t]+(?:gate|masq|ipip)\b",
        "a configuration of ldirectord",
        _RUNNING,
    ),
    (r"\*(?:filter|nat|mangle|raw|security)[ \t]*$", "what `iptables-save` prints", _SAVE),
    (r"table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{", "a configuration of nftables", _SAVE),
    (r"version:|director:|real_server:", "a role file, or another YAML file", "validate it"),
    (r"\[(?:Unit|Service)\]", "a unit of systemd", "import the file that it loads, or " + _SAVE),
    (
        r"DAEMON=[\"']?(?:none|master|backup|both)\b",
        "a file of settings of Debian's ipvsadm service",
        "its rules are in /etc/ipvsadm.rules",
    ),
)
_NO_TEXT = (
    ("\udcff\udcfe", "a text in UTF-16", "save it as UTF-8"),
    ("\udcfe\udcff", "a text in UTF-16", "save it as UTF-8"),
)
# All patterns in one search, each at the beginning of a line.
_ANY = re.compile("^(?:" + "|".join(f"({pattern})" for pattern, _, _ in _KINDS) + ")", re.MULTILINE)


def recognise(text: str) -> Format | None:
    """What `text` is if it is not rules; bytes that are not UTF-8 are surrogates in it."""
    for start, name, hint in _NO_TEXT:
        if text.startswith(start):
            return Format(name, hint, 1)
    null = text.find("\0")
    if null >= 0:
        return Format("binary data (a null byte)", _SAVE, text.count("\n", 0, null) + 1)
    return recognise_text(text)


def recognise_text(text: str) -> Format | None:
    """As recognise(), of a text without null bytes in UTF-8."""
    found = _ANY.search(text)
    if found is None or found.lastindex is None:
        return None
    _, name, hint = _KINDS[found.lastindex - 1]
    return Format(name, hint, text.count("\n", 0, found.start()) + 1)
