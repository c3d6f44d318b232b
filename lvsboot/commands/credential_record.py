"""What is known of the credential that a boot brought, for status and the provisioners."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from lvsboot import paths
from lvsboot.errors import InputError, LvsbootError
from lvsboot.system.textfiles import encode, read_text


class RoleSource(NamedTuple):
    """Where the applied role comes from; `refusal` is why this boot's credential is not applied."""

    is_applied: bool
    by_credential: bool
    had_credential: bool
    refusal: str | None


def digest_line(raw: bytes) -> str:
    """The line of sha256sum(1) for the credential, as the unit checks it."""
    return f"{sha256(raw).hexdigest()}  {paths.CREDENTIAL}\n"


def refusal_text(error: LvsbootError) -> str:
    """One line on a credential that is not applied: the first problem, with its line."""
    reason = str(error)
    if isinstance(error, InputError):
        first = error.problems[0]
        where = f"{first.where}: " if first.where else ""
        reason = f"{first.file}:{first.span.line}:{first.span.column}: {where}{first.message}"
        if more := len(error.problems) - 1:
            reason += f" (and {more} more)"
    return (
        f"the role by credential is refused, and what was applied last stays in force: "
        f"{' '.join(reason.split())}; see `journalctl -b -u 'lvs-provision*'`"
    )


def read_role_source(
    *,
    applied: str = paths.APPLIED_ROLE,
    digest: str = paths.CREDENTIAL_DIGEST,
    refused: str = paths.CREDENTIAL_REFUSED,
) -> RoleSource | None:
    """None where no role is applied and no credential was refused. Raises HostError."""
    text, line, refusal = read_text(applied), read_text(digest), read_text(refused)
    if text is None and refusal is None:
        return None
    return RoleSource(
        is_applied=text is not None,
        by_credential=text is not None and line == digest_line(encode(text)),
        had_credential=line is not None,
        refusal=None if refusal is None else refusal.strip(),
    )
