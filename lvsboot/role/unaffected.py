"""Drops findings of the rules that might come from a removed value. Knows no rule.

The rules check a role without the values that the schema refused. A finding that depends on such a
value may be wrong: a VIP is not missing where the next line has it with a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from lvsboot.role.document import Finding, Path
from lvsboot.role.validation import ValidationResult


def unaffected_findings(findings: Iterable[Finding], result: ValidationResult) -> Iterator[Finding]:
    """Findings that do not depend on a removed value; their indices are the file's."""
    if not result.removed:
        yield from findings
        return
    removed = _Removed(result.removed)
    for finding in findings:
        found = replace(
            finding,
            path=_original(finding.path, result),
            conflicts_with=None
            if finding.conflicts_with is None
            else _original(finding.conflicts_with, result),
        )
        depends_on = [_original(path, result) for path in finding.depends_on]
        if not removed.affects(found, depends_on):
            yield found


class _Removed:
    """The removed paths, indexed so that a look-up takes time by the length of its path alone."""

    def __init__(self, removed: Set[Path]) -> None:
        self._paths = removed
        self._above: set[Path] = set()
        self._owners: set[Path] = set()
        for path in removed:
            self._above.update(_heads(path))
            fields = next(
                (i for i, step in enumerate(reversed(path)) if isinstance(step, int)), None
            )
            first = 0 if fields is None else len(path) - fields
            self._owners.update(path[:length] for length in range(first, len(path) + 1))

    def affects(self, finding: Finding, depends_on: list[Path]) -> bool:
        entities = [_entity(finding.path)]
        if finding.conflicts_with is not None:
            entities.append(_entity(finding.conflicts_with))
        return any(entity in self._owners or self._is_below(entity) for entity in entities) or any(
            path in self._above or self._is_below(path) for path in depends_on
        )

    def _is_below(self, path: Path) -> bool:
        """Whether the path, or a container of it, is removed."""
        return any(head in self._paths for head in _heads(path))


def _heads(path: Path) -> Iterator[Path]:
    """The paths of the value and of all its containers."""
    return (path[:length] for length in range(len(path) + 1))


def _entity(path: Path) -> Path:
    """The path of the list's entry or the mapping that a finding is about."""
    indices = [i for i, step in enumerate(path) if isinstance(step, int)]
    if indices:
        return path[: indices[-1] + 1]
    # An interface is an entry by its name; for all else without an index it is the mapping.
    return path[:3] if path[:2] == ("network", "interfaces") else path[: max(1, len(path) - 1)]


def _original(path: Path, result: ValidationResult) -> Path:
    """The file's path for one of the valid part, whose lists may be shorter."""
    steps: Path = ()
    for step in path:
        kept = result.kept.get(steps)
        steps = (*steps, kept[step] if kept is not None and isinstance(step, int) else step)
    return steps
