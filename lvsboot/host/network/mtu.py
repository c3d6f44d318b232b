"""Finds the NICs whose MTU a backend's file sets. Pure; knows no role."""

from __future__ import annotations

import re

from lvsboot import paths
from lvsboot.host.network.interfaces import parse_interfaces
from lvsboot.host.network.netplan import parse_definitions

_NETWORKD_FILE = re.compile(rf"{paths.NETWORKD}/05-lvs-(.+)\.network")


def names_with_mtu(path: str, text: str) -> set[str]:
    """The NICs whose MTU the file sets: of lvsboot's own files, and of all of ifupdown's."""
    if path.startswith(f"{paths.INTERFACES_D}/"):
        return {
            stanza.name
            for stanza in parse_interfaces(text).stanzas
            for option in stanza.options
            if option.words[0] == "mtu"
        }
    if path == paths.NETPLAN_FILE:
        # None where the file is broken.
        return {device.key for device in parse_definitions(text).devices if device.facts.has_mtu}
    match = _NETWORKD_FILE.fullmatch(path)
    return {match[1]} if match is not None and "\nMTUBytes=" in text else set()
