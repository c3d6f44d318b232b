"""Renders a role for cloud-init: user-data, and a NoCloud seed's other two files. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.ethernets import ethernet, network_config
from lvsboot.render.user_data.document import HEADER, CloudConfig
from lvsboot.render.user_data.installation import Installation, installation_config
from lvsboot.render.user_data.merge import merge_cloud_config
from lvsboot.render.user_data.text import file_entry, yaml_text
from lvsboot.role.model import Backend, Role
from lvsboot.role.vlans import own_vlans


def render_user_data(
    role: Role,
    role_text: str,
    installation: Installation | None = None,
    theirs: CloudConfig | None = None,
) -> str:
    """A cloud-config that writes the role; lvs-provision.service applies it.

    With an installation it installs lvsboot, too. InputError where it contradicts `theirs`.
    """
    ours: dict[str, Any] = {"hostname": role.hostname} if role.hostname is not None else {}
    ours["write_files"] = [file_entry(paths.ROLE, role_text)]
    if installation is not None:
        parts = installation_config(installation)
        files = [*ours["write_files"], *parts.get("write_files", ())]
        ours = {**ours, **parts, "write_files": files}
    return f"{HEADER}\n{yaml_text(ours if theirs is None else merge_cloud_config(theirs, ours))}"


def render_seed(role: Role, role_text: str, user_data: str | None = None) -> tuple[File, ...]:
    """The seed's files by their bare names; network-config only where the role has NICs.

    `user_data` is the role's own with more in it, which is part of what an instance is.
    """
    files = [
        File("user-data", user_data or render_user_data(role, role_text)),
        File("meta-data", yaml_text(_meta_data(role, role_text, user_data or ""))),
    ]
    if role.nics:
        # Without VIPs, which come up after the rules; besides, three of cloud-init's renderers
        # raise ValueError for an address label.
        entries = {nic.name: ethernet(nic) for nic in role.nics}
        network = network_config(entries, own_vlans(role.nics))
        files.append(File("network-config", yaml_text(network)))
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


def user_data_warnings(role: Role) -> Iterator[str]:
    """Warns of NICs that user-data alone does not configure: it holds no network configuration."""
    if role.nics and role.network and role.network.backend in {Backend.AUTO, Backend.EXTERNAL}:
        names = ", ".join(nic.name for nic in role.nics)
        yield (
            f"user-data alone does not configure {names}: where the platform does not give the "
            "role's addresses, name a backend in network.backend, or write a NoCloud folder (-o)"
        )


def _meta_data(role: Role, role_text: str, more: str) -> dict[str, Any]:
    """Makes each role a new instance, so that cloud-init writes it even where it ran before."""
    digest = sha256((role_text + more).encode()).hexdigest()[:16]
    hostname = {"local-hostname": role.hostname} if role.hostname is not None else {}
    return {"instance-id": f"lvsboot-{digest}", **hostname}
