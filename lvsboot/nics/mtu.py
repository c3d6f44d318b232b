"""Which NICs a backend's file gives an MTU of their own. Pure; knows no role."""

from __future__ import annotations

import re
from typing import Any

import yaml

from lvsboot import paths
from lvsboot.nics.interfaces import parse_interfaces

_NETWORKD_FILE = re.compile(rf"{paths.NETWORKD}/05-lvs-(.+)\.network")


def names_with_mtu(path: str, text: str) -> set[str]:
    """For lvsboot's own files, and for all of ifupdown's."""
    if path.startswith(f"{paths.INTERFACES_D}/"):
        return {
            stanza.name
            for stanza in parse_interfaces(text).stanzas
            for option in stanza.options
            if option.words[0] == "mtu"
        }
    if path == paths.NETPLAN_FILE:
        return {name for name, nic in _ethernets(text).items() if "mtu" in nic}
    match = _NETWORKD_FILE.fullmatch(path)
    return {match[1]} if match is not None and "\nMTUBytes=" in text else set()


def _ethernets(text: str) -> dict[str, dict[str, Any]]:
    """Nothing where somebody has broken it."""
    try:
        ethernets = yaml.safe_load(text)["network"]["ethernets"]
        return {str(name): dict(nic) for name, nic in ethernets.items()}
    except (yaml.YAMLError, LookupError, TypeError, ValueError, AttributeError):
        return {}
