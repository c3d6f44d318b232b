"""What the network backends share: VIPs, labels, router advertisements, .link files."""

from __future__ import annotations

import configparser

from hypothesis import given

from lvsboot.role.model import Backend, Role
from tests.unit.render.nic_roles import rendered, roles
from tests.unit.render.trees import DIRECTOR, render, text_of


def test_only_vips_of_ours_on_nics_of_ours_are_in_the_backends_files() -> None:
    text = text_of(render(DIRECTOR), "/etc/systemd/network/05-lvs-lan0.100.network")
    assert "Address=192.0.2.1/32\nLabel=lan0.100:0\n" in text
    assert "Address=2001:db8::1/128\nPreferredLifetime=0\nDuplicateAddressDetection=none" in text
    assert "192.0.2.2" not in text
    assert "192.0.2.3" not in text


def test_router_advertisements_are_accepted_where_a_role_needs_them() -> None:
    """A host that forwards ignores advertisements by default; a gateway6 replaces them."""
    text = DIRECTOR.replace("mtu: 9000", "dhcp: ipv6")
    network = text_of(render(text), "/etc/systemd/network/05-lvs-lan0.100.network")
    assert "IPv6AcceptRA=yes" in network
    sysctl = text_of(render(text), "/etc/sysctl.d/90-lvs.conf")
    assert "net.ipv6.conf.lan0/100.accept_ra = 2\n" in sysctl
    text = DIRECTOR.replace("mtu: 9000", 'gateway6: "fe80::1"')
    assert "IPv6AcceptRA=no" in text_of(
        render(text), "/etc/systemd/network/05-lvs-lan0.100.network"
    )
    assert "lan0/100.accept_ra" not in text_of(render(text), "/etc/sysctl.d/90-lvs.conf")


def test_a_long_name_has_no_room_for_a_label() -> None:
    text = text_of(
        render(DIRECTOR.replace("lan0.100", "fourteen-chars")),
        "/etc/systemd/network/05-lvs-fourteen-chars.network",
    )
    assert "Label" not in text


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
