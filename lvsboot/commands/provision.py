"""Applies the role that a boot brings: a credential's, the role file's, or the host name's.

The order of precedence is decided here (docs/decisions/0022). Runs in the provisioners' units only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, Protocol

from lvsboot import paths
from lvsboot.commands.credential_record import digest_line, refusal_text
from lvsboot.commands.role_file import read_role
from lvsboot.commands.roles import Rendering, apply
from lvsboot.errors import HostError, LvsbootError
from lvsboot.role.composer import MAX_BYTES
from lvsboot.role.reader import RoleFile, parse_role
from lvsboot.system.lock import Log
from lvsboot.system.programs import run
from lvsboot.system.textfiles import encode, read_bytes, read_text, remove_file, write_text

CREDENTIAL_NAME = f"credential {paths.CREDENTIAL}"
# One label of a host name, or several. Not a path: no name may lead out of the folder.
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_DROP_IN = f"""\
# Written by lvsboot, for this boot.
[Unit]
Description=Linux Virtual Server (the role by credential is refused)

[Service]
ExecStartPre=cat {paths.CREDENTIAL_REFUSED}
"""


class BootPaths(NamedTuple):
    """The files of a boot: `digest` is of the credential that was applied last."""

    role: str = paths.ROLE
    roles: str = paths.ROLES
    applied: str = paths.APPLIED_ROLE
    digest: str = paths.CREDENTIAL_DIGEST
    refused: str = paths.CREDENTIAL_REFUSED
    drop_in: str = paths.CREDENTIAL_DROP_IN
    hostname: str = paths.RUNNING_HOSTNAME


class Apply(Protocol):
    """roles.apply(), or what a test has in its place."""

    def __call__(
        self,
        role_file: RoleFile,
        *,
        block: bool,
        before_network: bool,
        allow_removal: bool,
        log: Log,
    ) -> Rendering: ...


_BOOT = BootPaths()


class Provisioner(NamedTuple):
    """What a provisioner works with; `credentials` is the folder of the unit's credentials."""

    host_name: str
    credentials: str | None
    log: Log
    places: BootPaths = _BOOT
    apply: Apply = apply
    reload_units: Callable[[], object] = lambda: run(["systemctl", "daemon-reload"])

    def before_network(self) -> Rendering | None:
        """Applies a credential that has not been applied yet, or the host name's role.

        None where nothing has to be applied. Raises LvsbootError; what was applied last then stays
        in force, and lvs.service says why.
        """
        raw = self._new_credential()
        if raw is not None:
            return self._apply_credential(raw, before_network=True)
        if read_text(self.places.role) is not None:
            return None
        path = self._host_name_role()
        if path is None:
            return None
        return self._apply(read_role(path, from_anybody=False), before_network=True)

    def after_cloud_init(self) -> Rendering | None:
        """Applies the role file, or the host name's role where there is none.

        A credential that before_network() had no chance to apply comes first: the package was
        installed inside of this boot. None where the role is applied already. Raises LvsbootError,
        also where there is none.
        """
        raw = self._new_credential()
        is_refused = read_text(self.places.refused) is not None
        if raw is not None and not is_refused:
            return self._apply_credential(raw, before_network=False)
        path: str | None = self.places.role
        if read_text(self.places.role) is None:
            path = self._host_name_role()
        if path is None and is_refused:
            return None  # which lvs.service says
        if path is None:
            raise HostError(
                f"there is no role for this host: neither {self.places.role} nor "
                f"{self.places.roles}/{self.host_name}.yaml exists"
            )
        role_file = read_role(path, from_anybody=False)
        if role_file.text == read_text(self.places.applied):
            return None
        return self._apply(role_file, before_network=False)

    def _new_credential(self) -> bytes | None:
        """The credential, unless it is the one that was applied last."""
        raw = None if self.credentials is None else _read_credential(self.credentials)
        return None if raw is None or read_text(self.places.digest) == digest_line(raw) else raw

    def _apply_credential(self, raw: bytes, *, before_network: bool) -> Rendering | None:
        remove_file(self.places.refused)
        remove_file(self.places.drop_in)
        rendering = None
        try:
            role_file = parse_role(raw, CREDENTIAL_NAME)
            if encode(role_file.text) != encode(read_text(self.places.applied) or ""):
                rendering = self._apply(role_file, before_network=before_network)
        except LvsbootError as error:
            write_text(self.places.refused, f"{refusal_text(error)}\n")
            write_text(self.places.drop_in, _DROP_IN)
            self.reload_units()
            raise
        # Last: a run that is killed is made again.
        write_text(self.places.digest, digest_line(raw))
        return rendering

    def _apply(self, role_file: RoleFile, *, before_network: bool) -> Rendering:
        rendering = self.apply(
            role_file,
            block=False,
            before_network=before_network,
            # A role that this boot has loaded, such as an image's own, may have little of this one.
            allow_removal=True,
            log=self.log,
        )
        if role_file.role.hostname is not None:
            write_text(self.places.hostname, f"{role_file.role.hostname}\n")
        return rendering

    def _host_name_role(self) -> str | None:
        """The path of this host's role, by its whole name or by the first label; None: neither."""
        if _HOST_NAME.fullmatch(self.host_name):
            for name in dict.fromkeys((self.host_name, self.host_name.partition(".")[0])):
                path = f"{self.places.roles}/{name}.yaml"
                if read_text(path) is not None:
                    return path
        return None


def _read_credential(folder: str) -> bytes | None:
    try:
        return read_bytes(f"{folder}/{paths.CREDENTIAL}", MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"{CREDENTIAL_NAME} cannot be read: {error.strerror}") from error
