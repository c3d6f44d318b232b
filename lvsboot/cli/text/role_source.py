"""Draws where a host's role comes from, for people and as JSON's values. Prints nothing."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.commands.credential_record import RoleSource
from lvsboot.system.printable import printable_line


def role_source_text(source: RoleSource | None) -> str:
    """The role that is in force, what would come before it, and why a credential is refused."""
    if source is None:
        return ""
    lines = []
    if source.by_credential:
        lines.append(
            f"role: by credential {paths.CREDENTIAL}, which {paths.ROLE} comes after: applied"
        )
    elif source.had_credential:
        lines.append(
            f"role: {paths.ROLE}, applied after credential {paths.CREDENTIAL}: that one comes "
            "first again once it has changed"
        )
    elif source.is_applied:
        lines.append(f"role: {paths.ROLE}")
    if source.refusal is not None:
        lines.append(f"warning: {source.refusal}")
    return "".join(f"{printable_line(line)}\n" for line in lines)


def role_source_value(source: RoleSource | None) -> dict[str, object] | None:
    """The same as JSON's values."""
    if source is None:
        return None
    name = "credential" if source.by_credential else "file"
    return {"source": name if source.is_applied else None, "refused_credential": source.refusal}
