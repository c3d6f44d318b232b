"""networkd's files, read as systemd.syntax(7) has it: no string of a role leaves its field."""

from __future__ import annotations

from hypothesis import given

from lvsboot.role.model import Backend, Role
from tests.unit.render.nic_roles import rendered, roles


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
    # Gateway= in [Network] cannot be on-link.
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
