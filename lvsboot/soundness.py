"""Which findings between fields still hold where some fields are broken. Knows no rule.

The rules see a role without its broken parts. What they find there is shown along with what the
schema found, unless a lost part might have made it otherwise: nobody should be told to add a VIP
that stands in the next line with a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lvsboot.checks import Sieve
from lvsboot.document import Finding, Path


def sure_findings(findings: Iterable[Finding], sieve: Sieve) -> Iterator[Finding]:
    """Those that hold whatever was meant by the lost parts, with the file's own list indices."""
    for finding in findings:
        if not sieve.lost:
            yield finding
            continue
        found = replace(
            finding,
            path=_original(finding.path, sieve),
            twin=None if finding.twin is None else _original(finding.twin, sieve),
        )
        given = [_original(path, sieve) for path in finding.given]
        if not any(_is_in_doubt(found, given, lost) for lost in sieve.lost):
            yield found


def _is_in_doubt(finding: Finding, given: list[Path], lost: Path) -> bool:
    entities = [_entity(finding.path)]
    if finding.twin is not None:
        entities.append(_entity(finding.twin))
    return any(_is_own(lost, entity) for entity in entities) or any(
        lost[: len(path)] == path[: len(lost)] for path in given
    )


def _entity(path: Path) -> Path:
    """What a finding is about: the list's entry or the mapping that the path leads into."""
    indices = [i for i, step in enumerate(path) if isinstance(step, int)]
    if indices:
        return path[: indices[-1] + 1]
    # Interfaces are told apart by name, what else has no index by the mapping that it stands in.
    return path[:3] if path[:2] == ("network", "interfaces") else path[: max(1, len(path) - 1)]


def _is_own(lost: Path, entity: Path) -> bool:
    """Whether the lost part is the entity, a field of it, or what the entity stands in."""
    if len(lost) <= len(entity):
        return entity[: len(lost)] == lost
    rest = lost[len(entity) :]
    return lost[: len(entity)] == entity and not any(isinstance(step, int) for step in rest)


def _original(path: Path, sieve: Sieve) -> Path:
    """A path in what is left as a path in the file, where lists are longer."""
    steps: Path = ()
    for step in path:
        kept = sieve.kept.get(steps)
        steps = (*steps, kept[step] if kept is not None and isinstance(step, int) else step)
    return steps
