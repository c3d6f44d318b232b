"""ifupdown's file, read as interfaces(5) has it: no string of a role leaves its field."""

from __future__ import annotations

import re
import shlex

from hypothesis import given

from lvsboot.role.model import Backend, Dhcp, Role
from tests.unit.render.nic_roles import rendered, roles


def stanzas(text: str) -> tuple[list[list[str]], list[tuple[list[str], list[list[str]]]]]:
    """As interfaces(5): the lines that stand alone, and each iface with its options."""
    alone: list[list[str]] = []
    found: list[tuple[list[str], list[list[str]]]] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        assert not line.endswith("\\")
        words = line.split()
        if words[0] == "iface":
            found.append((words[1:], []))
        elif re.fullmatch(r"auto|allow-[a-z]+|source.*|mapping|rename", words[0]):
            alone.append(words)
        else:
            found[-1][1].append(words)
    return alone, found


@given(roles())
def test_ifupdown_as_stanzas(role: Role) -> None:
    [nic] = role.nics
    alone, found = stanzas(rendered(role, Backend.IFUPDOWN, "/etc/network/interfaces.d/lvs"))
    assert alone == [["auto" if nic.required else "allow-hotplug", nic.name]]
    assert {head[0] for head, _options in found} == {nic.name}
    static = [options[0][1] for head, options in found if head[2] == "static"]
    assert sorted(static) == sorted(map(str, nic.addresses))
    dhcp = {head[1] for head, _options in found if head[2] == "dhcp"}
    families = {Dhcp.IPV4: {"inet"}, Dhcp.IPV6: {"inet6"}, Dhcp.BOTH: {"inet", "inet6"}}
    assert dhcp == families.get(nic.dhcp, set())
    shell = [words for _head, options in found for words in options if words[0] in {"up", "down"}]
    # A shell expands nothing in these commands but the interface's name.
    assert all(shlex.split(" ".join(words)) == words for words in shell)
    assert {word for words in shell for word in words if "$" in word} <= {"$IFACE", "$IFACE:0"}
    ups = [words[1:] for words in shell if words[1:4] == ["ip", "address", "replace"]]
    label = ["label", "$IFACE:0"] if len(nic.name) <= 13 else []
    assert [" ".join(words) for words in ups] == [
        " ".join(["ip address replace 203.0.113.1/32 dev $IFACE", *label]),
        "ip address replace 2001:db8:9::1/128 dev $IFACE preferred_lft 0 nodad",
    ]
    gateways = [words[1] for _head, options in found for words in options if words[0] == "gateway"]
    gateways += [words[words.index("via") + 1] for words in shell if "default" in words]
    assert sorted(gateways) == sorted(
        str(it) for it in (nic.gateway, nic.gateway6) if it is not None
    )
    on_link = {words[-1] == "onlink" for words in shell if words[1:4] == ["ip", "route", "replace"]}
    assert on_link <= {nic.gateway_on_link}
    options = {words[0]: words[1:] for words in found[-1][1]} if found else {}
    assert tuple(options.get("dns-search", ())) == nic.search
