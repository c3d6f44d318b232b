"""Which findings hold beside removed values, compared with the plainest definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvsboot.role.document import Finding, Path
from lvsboot.role.unaffected import unaffected_findings
from lvsboot.role.validation import ValidationResult

steps = st.sampled_from(["network", "interfaces", "eth0", "director", "vips", 0, 1])
paths = st.lists(steps, max_size=5).map(tuple)


def entity(path: Path) -> Path:
    """The innermost entry of a list, an interface, or the mapping around a key."""
    for length in range(len(path), 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    return path[:3] if path[:2] == ("network", "interfaces") else path[: max(1, len(path) - 1)]


def is_own(removed: Path, owner: Path) -> bool:
    if len(removed) <= len(owner):
        return owner[: len(removed)] == removed
    rest = removed[len(owner) :]
    return removed[: len(owner)] == owner and not any(isinstance(step, int) for step in rest)


def meet(removed: Path, path: Path) -> bool:
    return removed[: len(path)] == path[: len(removed)]


@given(st.sets(paths), paths, paths | st.none(), st.lists(paths, max_size=2).map(tuple))
def test_a_finding_holds_unless_it_depends_on_a_removed_value(
    removed: set[Path], path: Path, conflicts_with: Path | None, depends_on: tuple[Path, ...]
) -> None:
    result = ValidationResult(None, removed=removed)
    finding = Finding(path, "", conflicts_with=conflicts_with, depends_on=depends_on)
    entities = [entity(it) for it in (path, conflicts_with) if it is not None]
    is_doubted = any(is_own(part, it) for part in removed for it in entities) or any(
        meet(part, it) for part in removed for it in depends_on
    )
    assert list(unaffected_findings([finding], result)) == ([] if is_doubted else [finding])
