"""Is this host, or this image, what its role says? The verb verify. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lvsboot.commands.desired import HOST
from lvsboot.commands.roles import existing_root
from lvsboot.commands.verify.active import ask_network
from lvsboot.commands.verify.applied_role import read_applied_role
from lvsboot.commands.verify.checks.active import VIP, check_active
from lvsboot.commands.verify.checks.all import check_all
from lvsboot.commands.verify.facts import Facts
from lvsboot.commands.verify.gather import gather_facts
from lvsboot.commands.verify.results import Outcome, Result, unseen
from lvsboot.commands.verify.unseen import Unseen
from lvsboot.errors import UsageError
from lvsboot.role.model import Backend, Director


@dataclass(frozen=True, slots=True)
class Verification:
    """`kind` is `director` or `real_server`, None where there is no valid role."""

    kind: str | None
    results: tuple[Result, ...]

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.outcome is outcome)

    @property
    def has_failed(self) -> bool:
        return any(result.outcome is Outcome.FAILURE for result in self.results)


def verify(
    root: Path = HOST, backend: Backend | None = None, *, active: bool = False
) -> Verification:
    """Needs no privileges: what the caller may not see is `unknown`.

    `backend` is taken in place of the role's. With `active` the network is asked, too. Raises
    HostError where `root` is no directory.
    """
    root = existing_root(root)
    applied = read_applied_role(root)
    if applied.file is None:
        return Verification(None, applied.results)
    facts = gather_facts(applied.file, root, backend)
    kind = "director" if isinstance(facts.role.kind, Director) else "real_server"
    asked = _asked(facts) if active else ()
    return Verification(kind, (*applied.results, *check_all(facts), *asked))


def _asked(facts: Facts) -> Iterable[Result]:
    if facts.live is None:
        raise UsageError("--active asks the network of this host, and not of an image")
    network = facts.live.network
    if isinstance(network, Unseen):
        return (unseen(VIP, network),)
    return check_active(facts.role, network, ask_network(facts.role, network))
