"""Which findings between fields still hold where some fields are broken. Knows no rule.

The rules see a role without its broken parts. What they find there is shown along with what the
schema found, unless a lost part might have made it otherwise: nobody should be told to add a VIP
that stands in the next line with a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from lvsboot.role.document import Finding, Path
from lvsboot.role.validation import ValidationResult


def unaffected_findings(findings: Iterable[Finding], result: ValidationResult) -> Iterator[Finding]:
    """Those that hold whatever was meant by the lost parts, with the file's own list indices."""
    if not result.lost:
        yield from findings
        return
    lost = _Lost(result.lost)
    for finding in findings:
        found = replace(
            finding,
            path=_original(finding.path, result),
            conflicts_with=None
            if finding.conflicts_with is None
            else _original(finding.conflicts_with, result),
        )
        depends_on = [_original(path, result) for path in finding.depends_on]
        if not lost.casts_doubt_on(found, depends_on):
            yield found


class _Lost:
    """The lost paths, so arranged that each question takes as long as its path is."""

    def __init__(self, lost: Set[Path]) -> None:
        self._paths = lost
        self._above: set[Path] = set()
        self._owners: set[Path] = set()
        for path in lost:
            self._above.update(_heads(path))
            fields = next(
                (i for i, step in enumerate(reversed(path)) if isinstance(step, int)), None
            )
            first = 0 if fields is None else len(path) - fields
            self._owners.update(path[:length] for length in range(first, len(path) + 1))

    def casts_doubt_on(self, finding: Finding, depends_on: list[Path]) -> bool:
        entities = [_entity(finding.path)]
        if finding.conflicts_with is not None:
            entities.append(_entity(finding.conflicts_with))
        return any(entity in self._owners or self._is_below(entity) for entity in entities) or any(
            path in self._above or self._is_below(path) for path in depends_on
        )

    def _is_below(self, path: Path) -> bool:
        """Whether the path, or something that it stands in, is lost."""
        return any(head in self._paths for head in _heads(path))


def _heads(path: Path) -> Iterator[Path]:
    """The path, and all that it stands in."""
    return (path[:length] for length in range(len(path) + 1))


def _entity(path: Path) -> Path:
    """What a finding is about: the list's entry or the mapping that the path leads into."""
    indices = [i for i, step in enumerate(path) if isinstance(step, int)]
    if indices:
        return path[: indices[-1] + 1]
    # Interfaces are told apart by name, what else has no index by the mapping that it stands in.
    return path[:3] if path[:2] == ("network", "interfaces") else path[: max(1, len(path) - 1)]


def _original(path: Path, result: ValidationResult) -> Path:
    """A path in what is left as a path in the file, where lists are longer."""
    steps: Path = ()
    for step in path:
        kept = result.kept.get(steps)
        steps = (*steps, kept[step] if kept is not None and isinstance(step, int) else step)
    return steps
