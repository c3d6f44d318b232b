"""Whether the role file waits to be applied. As light as every verb of the service must be."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.errors import LvsbootError
from lvsboot.system.textfiles import read_text


def unapplied_role(role: str = paths.ROLE, applied: str = paths.APPLIED_ROLE) -> str | None:
    """A sentence where the role file is not what was applied last, and this user may read both."""
    try:
        text = read_text(role)
        if text is None:
            return None
        before = read_text(applied)
    except LvsbootError:
        return None
    if text == before:
        return None
    state = "has not been applied" if before is None else "has changed since it was applied"
    return f"{role} {state}: `lvsboot plan` shows what it would change"
