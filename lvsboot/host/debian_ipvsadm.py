"""Debian's own ipvsadm service, which would load a table of its own after lvs.service. No I/O.

Debian's is an init script, enabled by its package. With AUTO=true it empties the table and loads
/etc/ipvsadm.rules, at boot after the network, at a stop, and whenever the package is upgraded.
"""

from __future__ import annotations

from lvsboot.paths import DEBIAN_IPVSADM

SERVICE = DEBIAN_IPVSADM
SCRIPT = "/etc/init.d/ipvsadm"
SETTINGS = "/etc/default/ipvsadm"
RULES = "/etc/ipvsadm.rules"


def boot_sentence(settings: str | None, rules: str | None) -> str | None:
    """What the service does at a boot unless it is masked; None if nothing.

    `settings` and `rules` are the texts of its files, None where there is none.
    """
    values = _assignments(settings or "")
    actions = []
    if values.get("AUTO") == "true":
        actions.append(f"empty the table after lvs.service has loaded it, and load {RULES}")
    if values.get("DAEMON") in {"master", "backup", "both"}:
        actions.append("start a sync daemon")
    if not actions:
        return None
    sentence = f"{SERVICE} would {' and '.join(actions)} ({SETTINGS}): applying a director masks it"
    if any(line.startswith("-A") for line in (rules or "").splitlines()):
        sentence += f"; to keep its rules: lvsboot import {RULES} >role.yaml"
    return sentence


def _assignments(text: str) -> dict[str, str]:
    """The variables of a shell script that does nothing else, as Debian ships it."""
    lines = (line.partition("#")[0].strip().partition("=") for line in text.splitlines())
    return {name: value.strip("\"'") for name, equals, value in lines if equals}
