"""No string of a role leaves its field: whatever a role may hold, each format gives it back.

The readers here are the formats' own, or written from their manuals; none of them is lvsboot's.
"""

from __future__ import annotations

import configparser
import re
import shlex
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lvsboot.install.tree import File
from lvsboot.render.host import render_host
from lvsboot.role.formats import parse_interface_name
from lvsboot.role.model import Backend, Dhcp, Role
from lvsboot.role.reader import decode_role


def is_name(text: str) -> bool:
    try:
        parse_interface_name(text)
    except ValueError:
        return False
    return True


VIPS = ("203.0.113.1", "2001:db8:9::1")
names = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_@+.-]{0,14}\Z").filter(is_name) | st.sampled_from(
    [
        "on",
        "no",
        "null",
        "1e3",
        "0x1f",
        "12",
        "1.5",
        "2001-01-01",
        "~",
        "eth0.100",
        "a-b_c@d+e",
        "_x",
    ]
)
hosts = st.sampled_from(["192.0.2.10/24", "2001:db8::10/64"])
nics = st.fixed_dictionaries(
    {"addresses": st.lists(hosts, unique=True), "dhcp": st.sampled_from([it.value for it in Dhcp])},
    optional={
        "gateway": st.just("192.0.2.254"),
        "gateway6": st.sampled_from(["fe80::1", "2001:db8::fe"]),
        "gateway_on_link": st.booleans(),
        "nameservers": st.just(["192.0.2.53", "2001:db8::53"]),
        "search": st.lists(
            st.sampled_from(["example.net", "lan", "a_b.example", "no", "1e3"]), unique=True
        ),
        "routes": st.just([{"to": "198.51.100.0/24", "via": "192.0.2.3"}]),
        "mtu": st.integers(1280, 65535),
        "required": st.booleans(),
        "mac": st.sampled_from(["52:54:00:12:34:56", "12:34:56:12:34:56"]),
    },
)


@st.composite
def roles(draw: st.DrawFn) -> Role:
    """A director with two VIPs on one NIC, its strings all that the schema's formats let pass."""
    name = draw(names)
    return decode_role(
        {
            "network": {"interfaces": {name: draw(nics)}},
            "director": {
                "method": "dr",
                "vips": [{"address": it, "interface": name} for it in VIPS],
                "services": [],
            },
        }
    )


def rendered(role: Role, backend: Backend, path: str) -> str:
    [text] = [
        entry.text
        for entry in render_host(role, "", backend)
        if isinstance(entry, File) and entry.path == path
    ]
    return text


def few(test: Any) -> Any:
    return settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])(
        test
    )


@few
@given(roles())
def test_netplan_as_yaml(role: Role) -> None:
    value = yaml.safe_load(rendered(role, Backend.NETPLAN, "/etc/netplan/90-lvs.yaml"))
    [nic] = role.nics
    assert set(value) == {"network"}
    assert set(value["network"]) == {"version", "ethernets"}
    [(name, ethernet)] = value["network"]["ethernets"].items()
    assert name == nic.name
    addresses = [it if isinstance(it, str) else next(iter(it)) for it in ethernet["addresses"]]
    assert addresses == [*map(str, nic.addresses), "203.0.113.1/32", "2001:db8:9::1/128"]
    options = {
        next(iter(it)): it[next(iter(it))]
        for it in ethernet["addresses"][-2:]
        if it != addresses[-2]
    }
    assert options["2001:db8:9::1/128"] == {"lifetime": 0}
    assert options.get("203.0.113.1/32", {}) == (
        {"label": f"{nic.name}:0"} if len(nic.name) <= 13 else {}
    )
    assert ethernet["dhcp4"] is (nic.dhcp in {Dhcp.IPV4, Dhcp.BOTH})
    assert ethernet["dhcp6"] is (nic.dhcp in {Dhcp.IPV6, Dhcp.BOTH})
    assert ethernet.get("match") == (None if nic.mac is None else {"macaddress": nic.mac})
    assert ethernet.get("set-name") == (None if nic.mac is None else nic.name)
    assert ethernet.get("mtu") == nic.mtu
    assert ethernet.get("optional", False) is not nic.required
    routes = {(route["to"], route["via"]) for route in ethernet.get("routes", ())}
    assert routes == routes_of(role)
    assert {route.get("on-link", False) for route in ethernet.get("routes", ())} <= {
        nic.gateway_on_link
    }
    resolving = ethernet.get("nameservers", {})
    assert tuple(resolving.get("search", ())) == nic.search
    assert resolving.get("addresses", []) == [str(it) for it in nic.nameservers]


def routes_of(role: Role) -> set[tuple[str, str]]:
    [nic] = role.nics
    routes = {(str(route.to), str(route.via)) for route in nic.routes}
    gateways = (("0.0.0.0/0", nic.gateway), ("::/0", nic.gateway6))
    return routes | {(to, str(via)) for to, via in gateways if via is not None}


def sections(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """As systemd.syntax(7): sections may repeat, and so may keys."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if not line or line[0] in "#;":
            continue
        assert not line.endswith("\\")  # would swallow the next line
        if line.startswith("["):
            found.append((line[1:-1], []))
        else:
            key, _, value = line.partition("=")
            found[-1][1].append((key, value))
    return found


@few
@given(roles())
def test_networkd_as_sections(role: Role) -> None:
    [nic] = role.nics
    text = rendered(role, Backend.NETWORKD, f"/etc/systemd/network/05-lvs-{nic.name}.network")
    found = sections(text)
    assert found[0] == ("Match", [("Name", nic.name)])
    assert not set(nic.name) & set("*?[] \t!%\\")  # what Name= would read as more than a name
    assert ("RequiredForOnline", "yes" if nic.required else "no") in found[1][1]
    assert ("MTUBytes", str(nic.mtu)) in found[1][1] or nic.mtu is None
    network = [value for key, value in found[2][1] if key == "Address"]
    assert network == [str(address) for address in nic.addresses]
    gateways = {str(it) for it in (nic.gateway, nic.gateway6) if it is not None}
    routes = [dict(pairs) for name, pairs in found if name == "Route"]
    ways = {value for key, value in found[2][1] if key == "Gateway"}
    ways |= {route["Gateway"] for route in routes if "Destination" not in route}
    assert ways == gateways
    # What stands in [Network] has no words for it.
    assert not nic.gateway_on_link or not [key for key, _ in found[2][1] if key == "Gateway"]
    assert {route.get("GatewayOnLink", "no") for route in routes} <= {
        "yes" if nic.gateway_on_link else "no"
    }
    domains = [value.split() for key, value in found[2][1] if key == "Domains"]
    assert domains == ([list(nic.search)] if nic.search else [])
    vips = [dict(pairs) for name, pairs in found if name == "Address"]
    label = {"Label": f"{nic.name}:0"} if len(nic.name) <= 13 else {}
    assert vips == [
        {"Address": "203.0.113.1/32", **label},
        {
            "Address": "2001:db8:9::1/128",
            "PreferredLifetime": "0",
            "DuplicateAddressDetection": "none",
        },
    ]
    assert {name for name, _pairs in found} <= {"Match", "Link", "Network", "Route", "Address"}


@few
@given(roles())
def test_the_link_file_as_sections(role: Role) -> None:
    [nic] = role.nics
    if nic.mac is None:
        return
    text = rendered(role, Backend.IFUPDOWN, f"/etc/systemd/network/05-lvs-{nic.name}.link")
    link = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    link.optionxform = str  # type: ignore[assignment,method-assign]
    link.read_string(text)
    assert {name: dict(link[name]) for name in link.sections()} == {
        "Match": {"PermanentMACAddress": nic.mac},
        "Link": {"Name": nic.name},
    }


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


@few
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
    # What a shell makes of a command is what was written: nothing to expand but the name.
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
