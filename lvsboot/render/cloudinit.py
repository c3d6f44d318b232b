"""A role to a NoCloud seed: user-data, meta-data and network-config. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import yaml

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.ethernets import ethernet, vlan_keys
from lvsboot.role.model import Backend, Nic, Role
from lvsboot.role.vlans import own_vlans


def render_seed(role: Role, role_text: str) -> tuple[File, ...]:
    """The seed's files, by their bare names; network-config only where the role has NICs."""
    files = [
        File("user-data", "#cloud-config\n" + _yaml(_user_data(role, role_text))),
        File("meta-data", _yaml(_meta_data(role, role_text))),
    ]
    if role.nics:
        files.append(File("network-config", _yaml(_network_config(role.nics))))
    return tuple(files)


def seed_sentences(role: Role) -> Iterator[str]:
    """What cloud-init will not do with the seed as its author expects.

    Of cloud-init's renderers (22.4 and 25.1), netplan's hands a route on as it is; those for eni,
    Debian 12's own, and for networkd keep its network and gateway alone.
    """
    names = [nic.name for nic in role.nics if nic.gateway_on_link]
    is_theirs = role.network is not None and role.network.backend in {
        Backend.AUTO,
        Backend.EXTERNAL,
    }
    if names and is_theirs:
        yield (
            f"the gateways of {', '.join(names)} are off the link, which cloud-init tells netplan "
            "and neither ifupdown nor networkd: where it writes for one of these, say so in "
            "network.backend, and the role's own files bring the gateways"
        )


def _user_data(role: Role, role_text: str) -> dict[str, Any]:
    """The role arrives as a file; lvs-provision.service does the rest, so there is no runcmd."""
    hostname = {"hostname": role.hostname} if role.hostname is not None else {}
    role_file = {"path": paths.ROLE, "permissions": "0644", "content": role_text}
    return {**hostname, "write_files": [role_file]}


def _meta_data(role: Role, role_text: str) -> dict[str, Any]:
    """A new role is a new instance, so that cloud-init writes it even where it ran before."""
    digest = sha256(role_text.encode()).hexdigest()[:16]
    hostname = {"local-hostname": role.hostname} if role.hostname is not None else {}
    return {"instance-id": f"lvsboot-{digest}", **hostname}


def _network_config(nics: tuple[Nic, ...]) -> dict[str, Any]:
    """Version 2 (cloud-init's networking-config-format-v2), with host addresses only.

    A director's VIPs stay out: they are put up after the rules, and three of cloud-init's
    renderers raise ValueError for an address label.
    """
    own = own_vlans(nics)
    ethernets = {nic.name: ethernet(nic) for nic in nics if nic.name not in own}
    vlans = {
        nic.name: {**vlan_keys(own[nic.name]), **ethernet(nic)} for nic in nics if nic.name in own
    }
    return {"version": 2, "ethernets": ethernets, **({"vlans": vlans} if vlans else {})}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as literal blocks, so that a person can read the role in the seed."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _yaml(value: dict[str, Any]) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=4096)
    return text
