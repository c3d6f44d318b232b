"""Directors with any NIC that the formats of a role file accept."""

from __future__ import annotations

from hypothesis import strategies as st

from lvsboot.render.host import render_host
from lvsboot.role.formats import parse_interface_name
from lvsboot.role.model import Backend, Dhcp, Role
from lvsboot.role.reader import decode_role
from tests.unit.render.trees import text_of


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
    """A director with two VIPs on one NIC, and strings that the schema's formats accept."""
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
    return text_of(render_host(role, "", backend), path)
