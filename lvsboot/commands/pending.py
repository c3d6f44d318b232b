"""Whether the role file waits to be applied. Imports little, as every service verb runs it."""

from __future__ import annotations

from lvsboot import paths
from lvsboot.errors import LvsbootError
from lvsboot.system.textfiles import read_text


def unapplied_role(role: str = paths.ROLE, applied: str = paths.APPLIED_ROLE) -> str | None:
    """A sentence where the role file is not the applied one; None if it may not be read."""
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
