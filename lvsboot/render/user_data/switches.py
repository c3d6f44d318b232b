"""Finds what in a person's cloud-config switches off a module of cloud-init that ours needs. Pure.

User-data replaces the lists of modules in /etc/cloud/cloud.cfg (cloudinit/stages.py, the
datasource's part of the configuration), and two keys keep cc_set_hostname from the role's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lvsboot.problem import Problem
from lvsboot.render.user_data.document import CloudConfig

_STAGES = ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules")
# For each of our keys: the modules that carry it out, by the stage in which Debian's cloud.cfg
# has them (22.4 and 25.1).
_MODULES = {
    "hostname": {"cloud_init_modules": "set_hostname"},
    "write_files": {"cloud_init_modules": "write_files"},
    "packages": {"cloud_final_modules": "package_update_upgrade_install"},
    "runcmd": {"cloud_config_modules": "runcmd", "cloud_final_modules": "scripts_user"},
}
# cloudinit/util.py, TRUE_STRINGS.
_TRUE = {"true", "1", "on", "yes"}


def switched_off(theirs: CloudConfig, ours: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for each list and key of theirs by which cloud-init would skip a key of ours."""
    for stage in _STAGES:
        if stage in theirs.value:
            needed = {key: _MODULES[key][stage] for key in ours if stage in _MODULES.get(key, {})}
            yield from _missing(theirs, stage, needed)
    if "hostname" not in ours:
        return
    for key in ("preserve_hostname", "prefer_fqdn_over_hostname"):
        if str(theirs.value.get(key)).lower().strip() in _TRUE:
            message = (
                f"with this, cloud-init does not give the host the role's name, {ours['hostname']}"
            )
            yield theirs.problem((key,), message, "leave the key out, or the role's hostname")


def _missing(theirs: CloudConfig, stage: str, needed: Mapping[str, str]) -> Iterator[Problem]:
    value = theirs.value[stage]
    listed = {_module(entry) for entry in value} if isinstance(value, list) else set()
    for key, module in needed.items():
        if module not in listed:
            message = f"{module} is not among these modules: cloud-init would skip the role's {key}"
            yield theirs.problem((stage,), message, f"add {module}, or leave the list out")


def _module(entry: object) -> str:
    """A module's name, which may be a list's first entry, or a mapping's name."""
    match entry:
        case [first, *_]:
            entry = first
        case {"name": name}:
            entry = name
    return str(entry).strip().replace("-", "_").removesuffix(".py").removeprefix("cc_")
