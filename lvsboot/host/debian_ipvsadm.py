"""The distribution's own ipvsadm service, which would load a table of its own after ours. No I/O.

Debian's is an init script, enabled by its package. With AUTO=true it empties the table and loads
/etc/ipvsadm.rules, at boot after the network, at a stop, and whenever the package is upgraded.
"""

from __future__ import annotations

from lvsboot.paths import DEBIAN_IPVSADM

SERVICE = DEBIAN_IPVSADM
SCRIPT = "/etc/init.d/ipvsadm"
SETTINGS = "/etc/default/ipvsadm"
RULES = "/etc/ipvsadm.rules"


def rival_sentence(settings: str | None, rules: str | None) -> str | None:
    """What the service would do at the next boot; None if nothing.

    `settings` and `rules` are the texts of its files, None where there is none. Whether it is
    masked is the caller's to look at.
    """
    values = _assignments(settings or "")
    deeds = []
    if values.get("AUTO") == "true":
        deeds.append(f"empty the table after lvs.service has loaded it, and load {RULES}")
    if values.get("DAEMON") in {"master", "backup", "both"}:
        deeds.append("start a sync daemon")
    if not deeds:
        return None
    sentence = f"{SERVICE} would {' and '.join(deeds)} ({SETTINGS}): applying a director masks it"
    if any(line.startswith("-A") for line in (rules or "").splitlines()):
        sentence += f"; to keep its rules: lvsboot import {RULES} >role.yaml"
    return sentence


def _assignments(text: str) -> dict[str, str]:
    """A shell's, in the plain form that Debian ships."""
    lines = (line.partition("#")[0].strip().partition("=") for line in text.splitlines())
    return {name: value.strip("\"'") for name, equals, value in lines if equals}
