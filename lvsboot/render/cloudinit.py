"""Renders a role as a NoCloud seed: user-data, meta-data and network-config. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import yaml

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.ethernets import ethernet, network_config
from lvsboot.role.model import Backend, Role
from lvsboot.role.vlans import own_vlans


def render_seed(role: Role, role_text: str) -> tuple[File, ...]:
    """The seed's files by their bare names; network-config only where the role has NICs."""
    files = [
        File("user-data", "#cloud-config\n" + _yaml(_user_data(role, role_text))),
        File("meta-data", _yaml(_meta_data(role, role_text))),
    ]
    if role.nics:
        # Without VIPs, which come up after the rules; besides, three of cloud-init's renderers
        # raise ValueError for an address label.
        entries = {nic.name: ethernet(nic) for nic in role.nics}
        files.append(File("network-config", _yaml(network_config(entries, own_vlans(role.nics)))))
    return tuple(files)


def seed_warnings(role: Role) -> Iterator[str]:
    """Warns of gateways off the link, which not every cloud-init renderer configures.

    Of cloud-init's renderers (22.4 and 25.1) netplan's passes routes on unchanged; those for eni,
    Debian 12's default, and for networkd drop on-link.
    """
    names = [nic.name for nic in role.nics if nic.gateway_on_link]
    if names and role.network and role.network.backend in {Backend.AUTO, Backend.EXTERNAL}:
        yield (
            f"the gateways of {', '.join(names)} are off the link, which cloud-init configures "
            "through netplan only: where it writes for ifupdown or networkd, name that in "
            "network.backend, and the role's own files configure the gateways"
        )


def _user_data(role: Role, role_text: str) -> dict[str, Any]:
    """Writes the role file; lvs-provision.service applies it, so there is no runcmd."""
    hostname = {"hostname": role.hostname} if role.hostname is not None else {}
    role_file = {"path": paths.ROLE, "permissions": "0644", "content": role_text}
    return {**hostname, "write_files": [role_file]}


def _meta_data(role: Role, role_text: str) -> dict[str, Any]:
    """Makes each role a new instance, so that cloud-init writes it even where it ran before."""
    digest = sha256(role_text.encode()).hexdigest()[:16]
    hostname = {"local-hostname": role.hostname} if role.hostname is not None else {}
    return {"instance-id": f"lvsboot-{digest}", **hostname}


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as literal blocks, so that a person can read the role in the seed."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _yaml(value: dict[str, Any]) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=4096)
    return text
