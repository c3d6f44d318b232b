"""The sysctl.d file of a role: the derived parameters, then the role's own."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.install.tree import File
from lvsboot.render.templates import fill_template
from lvsboot.role.derived_sysctls import derived_sysctls
from lvsboot.role.model import Role


def render_sysctl(role: Role) -> File:
    settings = {**derived_sysctls(role), **role.sysctl}
    return File(paths.SYSCTL, fill_template("sysctl.conf", settings=settings))
